"""What LLVM calls on processors of the baseline, against NumPy."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from native_functions import elementwise, load

NUMBERS = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999997, 8388607.5, -4503599627370495.5, 1e30]


def _round_half_away(numbers: np.ndarray) -> np.ndarray:
    whole = np.trunc(numbers)
    with np.errstate(invalid="ignore"):
        is_half = np.abs(numbers - whole) >= 0.5
    return np.copysign(np.abs(whole) + is_half, numbers)


ROUNDINGS = {
    "ceil": np.ceil,
    "floor": np.floor,
    "round": _round_half_away,
    "roundeven": np.rint,
    "trunc": np.trunc,
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(ROUNDINGS))
def test_numbers_are_rounded_to_integers(tmp_path: Path, name: str, dtype: type) -> None:
    random = np.random.default_rng(1).uniform(-100, 100, 500)
    numbers = np.concatenate([NUMBERS, [np.inf, -np.inf, np.nan], random]).astype(dtype)

    got = elementwise(tmp_path, f"math.{name}", dtype, 1)(numbers)

    expected = ROUNDINGS[name](numbers)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(expected))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_remainders_are_exact(tmp_path: Path, dtype: type) -> None:
    random = np.random.default_rng(2)
    special = [0.0, -0.0, 1.0, -3.5, np.inf, -np.inf, np.nan, 1e30, 7.0]
    pairs = np.array(np.meshgrid(special, special)).reshape(2, -1)
    lhs = np.concatenate([pairs[0], random.uniform(-1e6, 1e6, 500), np.exp(random.uniform(0, 60, 500))])
    rhs = np.concatenate([pairs[1], random.uniform(-10, 10, 500), np.exp(random.uniform(-20, 60, 500))])
    lhs, rhs = lhs.astype(dtype), rhs.astype(dtype)

    got = elementwise(tmp_path, "arith.remf", dtype, 2)(lhs, rhs)

    with np.errstate(invalid="ignore"):
        expected = np.fmod(lhs, rhs)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got[~np.isnan(got)]), np.signbit(expected[~np.isnan(expected)]))


def test_every_half_is_extended_and_truncated(tmp_path: Path) -> None:
    text = """
define void @convert(ptr %halves, ptr %floats, ptr %back, i64 %n) nounwind "no-builtins" {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %hp = getelementptr half, ptr %halves, i64 %i
  %fp = getelementptr float, ptr %floats, i64 %i
  %bp = getelementptr half, ptr %back, i64 %i
  %h = load half, ptr %hp
  %f = fpext half %h to float
  store float %f, ptr %fp
  %d = fpext float %f to double
  %b = fptrunc double %d to half
  store half %b, ptr %bp
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, %n
  br i1 %done, label %end, label %loop
end:
  ret void
}
"""
    halves = np.arange(65536, dtype=np.uint16).view(np.float16)
    floats, back = np.empty(65536, np.float32), np.empty(65536, np.float16)
    convert = load(tmp_path, text, "convert")

    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (halves, floats, back)]
    convert(*pointers, ctypes.c_int64(65536))

    np.testing.assert_array_equal(floats, halves.astype(np.float32))
    np.testing.assert_array_equal(back, halves)
    np.testing.assert_array_equal(np.signbit(back), np.signbit(halves))


def test_floats_are_rounded_to_the_nearest_half(tmp_path: Path) -> None:
    text = """
define void @round_to_half(ptr %floats, ptr %halves, i64 %n) nounwind "no-builtins" {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %fp = getelementptr float, ptr %floats, i64 %i
  %hp = getelementptr half, ptr %halves, i64 %i
  %f = load float, ptr %fp
  %h = fptrunc float %f to half
  store half %h, ptr %hp
  %next = add i64 %i, 1
  %done = icmp eq i64 %next, %n
  br i1 %done, label %end, label %loop
end:
  ret void
}
"""
    random = np.random.default_rng(4)
    edges = [65504.0, 65519.9, 65520.0, 1e6, -1e6, np.inf, -np.inf, np.nan, 2**-24, 2**-25, 6.1e-5, 0.0, -0.0]
    floats = np.concatenate([edges, np.exp(random.uniform(-20, 12, 4000))]).astype(np.float32)
    halves = np.empty(floats.shape, np.float16)
    convert = load(tmp_path, text, "round_to_half")

    convert(
        floats.ctypes.data_as(ctypes.c_void_p),
        halves.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int64(floats.size),
    )

    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(halves, floats.astype(np.float16))
