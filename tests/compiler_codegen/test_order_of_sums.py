"""Sums of floats are made in the order of their elements, and rounded at each, where that is asked for."""

from __future__ import annotations

import ml_dtypes
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


HALF_PROGRAM = """
func.func @f(%a: tensor<5x{size}x{type}>, %b: tensor<{size}x4x{type}>) -> tensor<5x4x{type}> {{
  %zero = arith.constant 0.0 : {type}
  %empty = tensor.empty() : tensor<5x4x{type}>
  %init = linalg.fill ins(%zero : {type}) outs(%empty : tensor<5x4x{type}>) -> tensor<5x4x{type}>
  %0 = linalg.matmul ins(%a, %b : tensor<5x{size}x{type}>, tensor<{size}x4x{type}>)
    outs(%init : tensor<5x4x{type}>) -> tensor<5x4x{type}>
  return %0 : tensor<5x4x{type}>
}}
"""


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("type", ["f16", "bf16"])
@pytest.mark.parametrize("backend", ["vmvx", "llvm-cpu"])
def test_sums_of_halves_are_rounded_at_each_step_or_at_their_end(
    backend: str, type: str, skips: bool
) -> None:
    dtype = np.dtype(np.float16 if type == "f16" else ml_dtypes.bfloat16)
    generator = np.random.default_rng(2)
    a, b = (generator.standard_normal(shape).astype(dtype) for shape in ((5, 61), (61, 4)))
    target = "vmvx" if backend == "vmvx" else "llvmcpu"
    flags = [f"--iree-hal-target-backends={backend}", FLAG]
    flags.append(f"--iree-{target}-skip-intermediate-roundings={str(skips).lower()}")
    options = options_of(parse_flags(flags, command_line_flags()).values)
    module = gossamer.compile_text(HALF_PROGRAM.format(size=61, type=type), options=options)
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        found = np.asarray(pipeline.f(a, b))
    carried = np.dtype(np.float32) if skips else dtype
    expected = np.zeros((5, 4), carried)
    for k in range(61):
        product = a[:, k : k + 1].astype(carried) * b[k].astype(carried)
        expected = (expected + product).astype(carried)
    np.testing.assert_array_equal(found, expected.astype(dtype))
