"""Choices between whole tensors take the size of the side taken; loops may make tensors grow."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer

A = np.array([1, -2, 3], np.float32)
B = np.array([7, 8], np.float32)
EMPTY = np.zeros(0, np.float32)

CHOICES = """
func.func @if(%c: i1, %a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %r = scf.if %c -> tensor<?xf32> { scf.yield %a : tensor<?xf32> } else { scf.yield %b : tensor<?xf32> }
  return %r : tensor<?xf32>
}
func.func @select(%c: i1, %a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %r = arith.select %c, %a, %b : tensor<?xf32>
  return %r : tensor<?xf32>
}
func.func @branch(%c: i1, %a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  cf.cond_br %c, ^bb1(%a: tensor<?xf32>), ^bb1(%b: tensor<?xf32>)
^bb1(%r: tensor<?xf32>):
  return %r : tensor<?xf32>
}
func.func @cast(%c: i1, %a: tensor<3xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %x = tensor.cast %a : tensor<3xf32> to tensor<?xf32>
  %r = arith.select %c, %x, %b : tensor<?xf32>
  return %r : tensor<?xf32>
}
func.func @nested(%c: i1, %a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %not = arith.cmpi eq, %c, %c : i1
  %inner = arith.select %not, %b, %a : tensor<?xf32>
  %n = math.absf %inner : tensor<?xf32>
  %x = arith.select %c, %a, %n : tensor<?xf32>
  return %x : tensor<?xf32>
}
func.func @in_loop(%c: i1, %a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %r = scf.for %i = %c0 to %c4 step %c1 iter_args(%t = %b) -> tensor<?xf32> {
    %even = arith.remui %i, %c4 : index
    %is_last = arith.cmpi eq, %i, %c1 : index
    %take = arith.andi %is_last, %c : i1
    %s = arith.select %take, %a, %t : tensor<?xf32>
    scf.yield %s : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}
"""


@pytest.fixture(scope="module")
def choices() -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(CHOICES)], device="local-sync")


@pytest.mark.parametrize("name", ["if", "select", "branch", "cast", "nested", "in_loop"])
@pytest.mark.parametrize("b", [B, A, EMPTY], ids=["shorter", "same", "empty"])
def test_a_choice_has_the_size_of_the_side_taken(
    choices: gossamer.Pipeline, name: str, b: np.ndarray
) -> None:
    function = getattr(choices, name)
    other = np.abs(b) if name == "nested" else b

    np.testing.assert_array_equal(function(True, A, b), A)
    np.testing.assert_array_equal(function(False, A, b), other)


@pytest.mark.parametrize(
    ("name", "b"),
    [("longer", np.arange(5, dtype=np.float32)), ("matrix", np.ones((2, 2), np.float32))],
)
def test_a_longer_side_is_not_cut(name: str, b: np.ndarray) -> None:
    type = "x".join("?" * b.ndim) + "xf32"
    text = f"""
    func.func @choose(%c: i1, %a: tensor<{type}>, %b: tensor<{type}>) -> tensor<{type}> {{
      %r = scf.if %c -> tensor<{type}> {{
        scf.yield %a : tensor<{type}>
      }} else {{
        scf.yield %b : tensor<{type}>
      }}
      %s = arith.negf %r : tensor<{type}>
      return %s : tensor<{type}>
    }}"""
    pipeline = gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync")
    a = np.full((1,) * b.ndim, 3, np.float32)

    np.testing.assert_array_equal(pipeline.choose(True, a, b), -a)
    np.testing.assert_array_equal(pipeline.choose(False, a, b), -b)


def _grow(initial: str) -> str:
    return f"""
    func.func @grow(%n: index) -> tensor<?xi64> {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      {initial}
      %r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %e) -> (tensor<?xi64>) {{
        %d = tensor.dim %t, %c0 : tensor<?xi64>
        %d1 = arith.addi %d, %c1 : index
        %v = arith.index_cast %i : index to i64
        %o = tensor.empty(%d1) : tensor<?xi64>
        %f = linalg.fill ins(%v : i64) outs(%o : tensor<?xi64>) -> tensor<?xi64>
        %s = tensor.insert_slice %t into %f[0][%d][1] : tensor<?xi64> into tensor<?xi64>
        scf.yield %s : tensor<?xi64>
      }}
      return %r : tensor<?xi64>
    }}"""


@pytest.mark.parametrize(
    ("initial", "first"),
    [
        ("%e = tensor.empty(%c0) : tensor<?xi64>", []),
        (
            "%k = arith.constant dense<[42]> : tensor<1xi64>\n"
            "%e = tensor.cast %k : tensor<1xi64> to tensor<?xi64>",
            [42],
        ),
        (
            "%k = arith.constant dense<[1, 2]> : tensor<2xi64>\n"
            "%e = tensor.cast %k : tensor<2xi64> to tensor<?xi64>",
            [1, 2],
        ),
    ],
    ids=["empty", "one", "two"],
)
@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_loop_may_make_its_tensor_grow(initial: str, first: list[int], count: int) -> None:
    pipeline = gossamer.Pipeline([gossamer.compile_text(_grow(initial))], device="local-sync")

    np.testing.assert_array_equal(pipeline.grow(count), [*first, *range(count)])
