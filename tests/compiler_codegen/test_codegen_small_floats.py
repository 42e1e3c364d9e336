"""Floats of 8 bits in kernels of both targets: conversions, arithmetic and products, against ml_dtypes."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions

Array = npt.NDArray[Any]
_SMALL = {
    "f8E5M2": ml_dtypes.float8_e5m2,
    "f8E4M3FN": ml_dtypes.float8_e4m3fn,
    "f8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "f8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
}
_WIDE = {"f16": np.float16, "bf16": ml_dtypes.bfloat16, "f32": np.float32, "f64": np.float64}
_COUNT = 1000


def _program(small: str) -> str:
    conversions = "".join(
        f"func.func @to_{wide}(%0: tensor<256x{small}>) -> tensor<256x{wide}> {{\n"
        f"  %1 = stablehlo.convert %0 : (tensor<256x{small}>) -> tensor<256x{wide}>\n"
        f"  return %1 : tensor<256x{wide}>\n}}\n"
        f"func.func @from_{wide}(%0: tensor<{_COUNT}x{wide}>) -> tensor<{_COUNT}x{small}> {{\n"
        f"  %1 = stablehlo.convert %0 : (tensor<{_COUNT}x{wide}>) -> tensor<{_COUNT}x{small}>\n"
        f"  return %1 : tensor<{_COUNT}x{small}>\n}}\n"
        for wide in _WIDE
    )
    return (
        f"{conversions}"
        f"func.func @add(%0: tensor<256x{small}>, %1: tensor<256x{small}>) -> tensor<256x{small}> {{\n"
        f"  %2 = stablehlo.add %0, %1 : tensor<256x{small}>\n  return %2 : tensor<256x{small}>\n}}\n"
        f"func.func @product(%0: tensor<4x8x{small}>, %1: tensor<8x5x{small}>) -> tensor<4x5xf32> {{\n"
        "  %2 = stablehlo.dot_general %0, %1, contracting_dims = [1] x [0]"
        f" : (tensor<4x8x{small}>, tensor<8x5x{small}>) -> tensor<4x5xf32>\n"
        "  return %2 : tensor<4x5xf32>\n}\n"
    )


def _numbers() -> Array:
    random = np.random.default_rng(3)
    edges = [0.0, -0.0, np.inf, -np.inf, np.nan, 240, 248, 448, 464, 465, 57344, 61440, 61441, 1e30, -1e-30]
    spread = random.standard_normal(_COUNT - len(edges)) * 10.0 ** random.integers(-7, 7, _COUNT - len(edges))
    return np.concatenate([edges, spread])


@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
@pytest.mark.parametrize("small", _SMALL)
def test_small_floats(small: str, target: str) -> None:
    options = CompileOptions(target_device="local", target_backends=(target,), type_conversions=frozenset())
    module = gossamer.compile_text(_program(small), options=options)
    dtype = _SMALL[small]
    codes = np.arange(256, dtype=np.uint8).view(dtype)
    other = np.random.default_rng(4).permutation(codes)
    with gossamer.Pipeline([module], device="local-sync") as pipeline, np.errstate(all="ignore"):
        for name, wide in _WIDE.items():
            numbers = _numbers().astype(wide)
            _assert_same(getattr(pipeline.main, f"to_{name}")(codes), codes.astype(wide))
            _assert_same(getattr(pipeline.main, f"from_{name}")(numbers), numbers.astype(dtype))
        total = (codes.astype(np.float32) + other.astype(np.float32)).astype(dtype)
        _assert_same(pipeline.main.add(codes, other), total)
        left, right = (_numbers()[20:52].reshape(4, 8) % 2).astype(dtype), np.resize(codes[1:90], (8, 5))
        expected = left.astype(np.float64) @ right.astype(np.float64)
        np.testing.assert_allclose(np.asarray(pipeline.main.product(left, right)), expected, rtol=1e-5)


def _assert_same(found: Any, expected: Array) -> None:
    values = np.asarray(found)
    assert values.dtype == expected.dtype
    wide, wanted = values.astype(np.float64), expected.astype(np.float64)
    np.testing.assert_array_equal(wide, wanted)
    numbers = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(wide[numbers]), np.signbit(wanted[numbers]))
