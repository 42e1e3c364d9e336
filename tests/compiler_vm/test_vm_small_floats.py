"""Floats of 8 and 16 bits: every code widened, and numbers around every rounding boundary narrowed."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from vm_programs import Programs

_TYPES = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f8E5M2": ml_dtypes.float8_e5m2,
    "f8E4M3": ml_dtypes.float8_e4m3,
    "f8E3M4": ml_dtypes.float8_e3m4,
    "f8E4M3FN": ml_dtypes.float8_e4m3fn,
    "f8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "f8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "f8E4M3B11FNUZ": ml_dtypes.float8_e4m3b11fnuz,
}


def _functions(type: str, width: int) -> str:
    return f"""
      func.func @widen(%bits: i{width}) -> i32 {{
        %a = arith.bitcast %bits : i{width} to {type}
        %b = arith.extf %a : {type} to f32
        %r = arith.bitcast %b : f32 to i32
        return %r : i32
      }}
      func.func @narrow(%bits: i32) -> i{width} {{
        %a = arith.bitcast %bits : i32 to f32
        %b = arith.truncf %a : f32 to {type}
        %r = arith.bitcast %b : {type} to i{width}
        return %r : i{width}
      }}
      func.func @narrow_f64(%bits: i64) -> i{width} {{
        %a = arith.bitcast %bits : i64 to f64
        %b = arith.truncf %a : f64 to {type}
        %r = arith.bitcast %b : {type} to i{width}
        return %r : i{width}
      }}
      func.func @add(%bits: i{width}) -> i{width} {{
        %a = arith.bitcast %bits : i{width} to {type}
        %b = arith.constant 1.5 : {type}
        %c = arith.addf %a, %b : {type}
        %r = arith.bitcast %c : {type} to i{width}
        return %r : i{width}
      }}
    """


def _codes(width: int) -> np.ndarray:
    """Every code, or some thousand of them with the ends of every range of 16 bits."""
    if width == 8:
        return np.arange(256, dtype=np.uint8)
    ends = np.add.outer(np.arange(0, 1 << 16, 1 << 10), (0, 1, 2, 1022, 1023)).ravel()
    return np.concatenate([ends, np.random.default_rng(1).integers(0, 1 << 16, 500)]).astype(np.uint16)


def _boundaries(codes: np.ndarray, dtype: type) -> np.ndarray:
    """Numbers of the type, those halfway to the next ones, and the f32s on both sides of each."""
    numbers = np.unique(codes.view(dtype).astype(np.float32))
    numbers = numbers[np.isfinite(numbers)].astype(np.float64)
    beyond = numbers[[0, -1]] * np.array([[1.03], [4.0]])
    wide = np.concatenate([numbers, (numbers[1:] + numbers[:-1]) / 2, beyond.ravel()])
    with np.errstate(over="ignore"):
        middles = wide.astype(np.float32)
    around = [middles, np.nextafter(middles, np.float32(np.inf)), np.nextafter(middles, np.float32(-np.inf))]
    special = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-45, -1e-45, 3e38], np.float32)
    return np.concatenate([*around, special])


def _same(found: list[object], expected: np.ndarray, dtype: type) -> np.ndarray:
    width = np.dtype(dtype).itemsize
    bits = np.array([int(value) & ((1 << (8 * width)) - 1) for value in found], f"u{width}")  # type: ignore[call-overload]
    are_nans = np.isnan(bits.view(dtype)) & np.isnan(expected)
    return (bits == expected.view(f"u{width}")) | are_nans


@pytest.mark.parametrize("type", list(_TYPES))
def test_small_floats_widen_exactly_and_narrow_to_nearest_even(programs: Programs, type: str) -> None:
    dtype = _TYPES[type]
    width = 8 * np.dtype(dtype).itemsize
    vmfb = programs.build(_functions(type, width))
    codes = _codes(width)
    numbers = _boundaries(codes, dtype)

    def run(function: str, bits: np.ndarray) -> list[object]:
        return programs.run(vmfb, [(function, (int(value),)) for value in bits], "translate")

    with np.errstate(all="ignore"):
        wide = codes.view(dtype).astype(np.float32)
        assert np.all(_same(run("widen", codes), wide, np.float32))
        assert np.all(_same(run("narrow", numbers.view(np.int32)), numbers.astype(dtype), dtype))
        in_f64 = numbers.astype(np.float64).view(np.int64)
        assert np.all(_same(run("narrow_f64", in_f64), numbers.astype(dtype), dtype))
        assert np.all(_same(run("add", codes), (wide + np.float32(1.5)).astype(dtype), dtype))


@pytest.mark.parametrize("type", ["f16", "bf16", "f8E4M3FN"])
def test_narrowing_f64_rounds_once(programs: Programs, type: str) -> None:
    """A number above the middle of two others by less than an f32 can say is nearer to the upper."""
    dtype = _TYPES[type]
    width = 8 * np.dtype(dtype).itemsize
    above = 1.0 + 2.0**-30
    code = int(np.array(1.0, dtype).view(f"u{width // 8}"))
    following = float(np.array(code + 1, f"u{width // 8}").view(dtype))
    halfway = (1.0 + following) / 2
    numbers = (halfway * above, halfway, halfway / above, 1.0)
    bits = [int(np.float64(number).view(np.int64)) for number in numbers]

    results = programs.run(
        programs.build(_functions(type, width)), [("narrow_f64", (value,)) for value in bits], "interpret"
    )

    even = code if code % 2 == 0 else code + 1
    assert results == [code + 1, even, code, code]
