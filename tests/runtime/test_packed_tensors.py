"""Tensors of four and two bit integers as arrays: arguments, results, globals and storage of the caller."""

from __future__ import annotations

from collections.abc import Iterator

import ml_dtypes
import numpy as np
import pytest

import gossamer
from gossamer.errors import InvalidArgumentError

TEXT = """
util.global private mutable @kept = dense<[1, 2, -3]> : tensor<3xi4>
func.func @add(%a: tensor<5xi4>, %b: tensor<5xi4>) -> tensor<5xi4> {
  %0 = arith.addi %a, %b : tensor<5xi4>
  return %0 : tensor<5xi4>
}
func.func @widen(%a: tensor<3x3xi4>) -> tensor<3x3xi32> {
  %0 = arith.extsi %a : tensor<3x3xi4> to tensor<3x3xi32>
  return %0 : tensor<3x3xi32>
}
func.func @same(%a: tensor<7xi2>) -> tensor<7xi2> {
  return %a : tensor<7xi2>
}
func.func @get() -> tensor<3xi4> {
  %0 = util.global.load @kept : tensor<3xi4>
  return %0 : tensor<3xi4>
}
"""
NUMBERS = np.array([1, -2, 3, 7, -8], ml_dtypes.int4)


@pytest.fixture(params=["vmvx", "llvm-cpu"])
def pipeline(request: pytest.FixtureRequest) -> Iterator[gossamer.Pipeline]:
    with gossamer.Pipeline([gossamer.compile(TEXT, target=request.param)], device="local-sync") as made:
        yield made


def test_arrays_and_lists_are_arguments(pipeline: gossamer.Pipeline) -> None:
    found = pipeline.add(NUMBERS, [1, 1, 1, 0, 0])

    assert found.dtype == ml_dtypes.int4
    assert found.astype(int).tolist() == [2, -1, 4, 7, -8]
    numbers = np.arange(-4, 5).reshape(3, 3)
    np.testing.assert_array_equal(pipeline.widen(numbers.astype(ml_dtypes.int4)), numbers)
    np.testing.assert_array_equal(pipeline.widen(numbers.astype(ml_dtypes.int4).T), numbers.T)
    two_bits = np.array([1, -1, 0, -2, 1, 1, 0], ml_dtypes.int2)
    np.testing.assert_array_equal(pipeline.same(two_bits), two_bits)


def test_globals_are_arrays(pipeline: gossamer.Pipeline) -> None:
    assert pipeline.get().astype(int).tolist() == [1, 2, -3]
    assert pipeline.state["module.kept"].astype(int).tolist() == [1, 2, -3]
    pipeline.state["module.kept"] = np.array([4, 5, -8], ml_dtypes.int4)
    assert pipeline.get().astype(int).tolist() == [4, 5, -8]


def test_views_are_made_of_arrays(pipeline: gossamer.Pipeline) -> None:
    view = gossamer.from_dlpack(NUMBERS)

    assert repr(view) == "<hal.BufferView 5xsi4>"
    assert pipeline.add(view, NUMBERS).astype(int).tolist() == [2, -4, 6, -2, 0]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([300, 1, 1, 0, 0], "expected int4 from -8 to 7"),
        ([1.5] * 5, "expected int4 from -8 to 7"),
        (np.ones(5, np.int8), r"has dtype int8, expected int4; convert it with .astype\(ml_dtypes.int4\)"),
        (np.ones(4, ml_dtypes.int4), "has shape 4, expected 5"),
    ],
)
def test_what_does_not_fit_is_said(pipeline: gossamer.Pipeline, value: object, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        pipeline.add(NUMBERS, value)
