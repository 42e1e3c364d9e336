"""Sums of floats are made in the order of their elements where that is asked for."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.tools.compile_flags.parser import parse_flags
from gossamer.tools.compile_flags.table import command_line_flags, options_of

PROGRAM = """
func.func @f(%x: tensor<{size}xf32>, %init: tensor<f32>) -> tensor<f32> {{
  %0 = linalg.reduce ins(%x : tensor<{size}xf32>) outs(%init : tensor<f32>) dimensions = [0]
    (%a: f32, %b: f32) {{
      %1 = {combiner} %a, %b : f32
      linalg.yield %1 : f32
    }}
  return %0 : tensor<f32>
}}
"""
FLAG = "--iree-llvmcpu-reassociate-fp-reductions=false"


def reduced(backend: str, combiner: str, values: np.ndarray, initial: float, *flags: str) -> np.ndarray:
    given = parse_flags([f"--iree-hal-target-backends={backend}", *flags], command_line_flags())
    text = PROGRAM.format(size="?" if len(values) == 37 else len(values), combiner=combiner)
    module = gossamer.compile_text(text, options=options_of(given.values))
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        return np.asarray(pipeline.f(values, np.array(initial, np.float32)))


def in_order(combiner: str, values: np.ndarray, initial: float) -> np.float32:
    """The reduction by NumPy, one rounding after the other."""
    running = np.float32(initial)
    for value in values:
        running = running + value if combiner == "arith.addf" else running * value
    return running


@pytest.mark.parametrize("backend", ["vmvx", "llvm-cpu"])
@pytest.mark.parametrize(("combiner", "initial"), [("arith.addf", 0.0), ("arith.mulf", 1.0)])
@pytest.mark.parametrize("size", [16, 37, 1000])
def test_the_order_is_kept(backend: str, combiner: str, initial: float, size: int) -> None:
    generator = np.random.default_rng(size)
    values = generator.uniform(0.9, 1.1, size).astype(np.float32)
    expected = in_order(combiner, values, initial)
    assert reduced(backend, combiner, values, initial, FLAG) == expected


def test_the_order_is_free_otherwise() -> None:
    # In order, each one is lost beside the large number; added up first, they are not.
    values = np.ones(1000, np.float32)
    values[0] = 1 << 24
    assert reduced("vmvx", "arith.addf", values, 0.0, FLAG) == 1 << 24
    assert reduced("vmvx", "arith.addf", values, 0.0) > 1 << 24


@pytest.mark.parametrize("backend", ["vmvx", "llvm-cpu"])
def test_products_of_matrices_keep_it_too(backend: str) -> None:
    program = """
func.func @f(%a: tensor<5x300xf32>, %b: tensor<300x40xf32>) -> tensor<5x40xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x40xf32>) -> tensor<5x40xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<5x300xf32>, tensor<300x40xf32>)
    outs(%init : tensor<5x40xf32>) -> tensor<5x40xf32>
  return %0 : tensor<5x40xf32>
}
"""
    generator = np.random.default_rng(1)
    # Why small integers: products are exact then, fused or not, and sums are not.
    a = (generator.integers(1, 1 << 12, (5, 300))).astype(np.float32)
    b = (generator.integers(1, 1 << 12, (300, 40))).astype(np.float32)
    given = parse_flags([f"--iree-hal-target-backends={backend}", FLAG], command_line_flags())
    module = gossamer.compile_text(program, options=options_of(given.values))
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        found = np.asarray(pipeline.f(a, b))
    expected = np.zeros((5, 40), np.float32)
    for k in range(300):
        expected += a[:, k : k + 1] * b[k]
    np.testing.assert_array_equal(found, expected)
