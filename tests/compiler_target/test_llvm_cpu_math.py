"""Functions in arithmetic against NumPy's in extended precision, special values included."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from native_functions import elementwise

UNARY = {
    "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan,
    "atanh": np.arctanh, "cbrt": np.cbrt, "cos": np.cos, "cosh": np.cosh, "exp": np.exp, "exp2": np.exp2,
    "expm1": np.expm1, "log": np.log, "log10": np.log10, "log1p": np.log1p, "log2": np.log2, "sin": np.sin,
    "sinh": np.sinh, "tan": np.tan, "tanh": np.tanh,
}  # fmt: skip
BINARY = {"atan2": np.arctan2, "powf": np.power}
SPECIAL = [
    *(0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, math.inf, -math.inf, math.nan),
    *(1e-30, -1e-30, 1e10, -1e10, 100.0, -100.0, 700.0, -700.0, 88.0, 89.0, -87.0, -104.0, 0.9999, 1.0001),
]  # fmt: skip
ULPS = {np.float32: 0.7, np.float64: 4.5}


def _check(got: np.ndarray, exact: np.ndarray) -> None:
    dtype = got.dtype
    tiny = np.finfo(dtype).tiny
    with np.errstate(all="ignore"):
        rounded = exact.astype(dtype)
        error = np.abs(got.astype(exact.dtype) - exact) / np.spacing(np.maximum(np.abs(rounded), tiny))
    is_same = (got == rounded) & (np.signbit(got) == np.signbit(rounded))
    is_same |= np.isnan(got) & np.isnan(rounded)
    # Numbers below the normal ones may count as zero.
    is_same |= (np.abs(got) <= tiny) & (np.abs(rounded) <= tiny)
    wrong = ~(is_same | (error < ULPS[dtype.type]))
    assert not wrong.any(), (got[wrong][:5], rounded[wrong][:5])


def _numbers(dtype: type, largest: float) -> np.ndarray:
    random = np.random.default_rng(1)
    spread = np.exp(random.uniform(-60, 30, 1000))
    ranges = [random.uniform(-width, width, 1000) for width in (1, 10, largest)]
    limits = np.finfo(dtype)
    ends = [limits.max, limits.min, limits.tiny, -limits.tiny]
    numbers = np.concatenate([SPECIAL, *ranges, spread]).astype(dtype)
    return np.concatenate([numbers, np.array(ends, dtype), _normal_patterns(dtype, 100_000)])


def _normal_patterns(dtype: type, count: int) -> np.ndarray:
    """Numbers of which every pattern of bits is as likely, without those below the normal ones."""
    words = np.random.default_rng(4).bytes(count * np.dtype(dtype).itemsize)
    numbers = np.frombuffer(words, dtype)
    return numbers[~(np.abs(numbers) < np.finfo(dtype).tiny)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(UNARY))
def test_a_function_is_right_to_the_last_places(tmp_path: Path, name: str, dtype: type) -> None:
    numbers = _numbers(dtype, 88.0 if dtype is np.float32 else 700.0)

    got = elementwise(tmp_path, f"math.{name}", dtype, 1)(numbers)

    with np.errstate(all="ignore"):
        _check(got, UNARY[name](numbers.astype(np.longdouble)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", sorted(BINARY))
def test_a_function_of_two_numbers_is_right(tmp_path: Path, name: str, dtype: type) -> None:
    random = np.random.default_rng(2)
    pairs = np.array(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, -1)
    lhs = np.concatenate([pairs[0], np.exp(random.uniform(-20, 20, 2000))]).astype(dtype)
    rhs = np.concatenate([pairs[1], random.uniform(-30, 30, 2000)]).astype(dtype)
    patterns = _normal_patterns(dtype, 50_000)
    largest = np.full(len(SPECIAL), np.finfo(dtype).max)
    lhs = np.concatenate([lhs, patterns, np.array(SPECIAL, dtype)])
    rhs = np.concatenate([rhs, patterns[::-1], largest])

    got = elementwise(tmp_path, f"math.{name}", dtype, 2)(lhs, rhs)

    with np.errstate(all="ignore"):
        _check(got, BINARY[name](lhs.astype(np.longdouble), rhs.astype(np.longdouble)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "function"), [("erf", math.erf), ("erfc", math.erfc)])
def test_error_functions_are_right(
    tmp_path: Path, name: str, function: Callable[[float], float], dtype: type
) -> None:
    numbers = _numbers(dtype, 9.0)

    got = elementwise(tmp_path, f"math.{name}", dtype, 1)(numbers)

    _check(got, np.array([function(float(number)) for number in numbers], np.longdouble))


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
def test_integer_powers_wrap(tmp_path: Path, dtype: type) -> None:
    numbers = [-128, -7, -3, -2, -1, 0, 1, 2, 3, 7, 100, 127]
    bases, exponents = np.array(np.meshgrid(numbers, numbers)).reshape(2, -1).astype(dtype)

    got = elementwise(tmp_path, "math.ipowi", dtype, 2)(bases, exponents)

    exact = [
        _integer_power(int(base), int(exponent)) for base, exponent in zip(bases, exponents, strict=True)
    ]
    wrapped = [power % (1 << 64) for power in exact]
    np.testing.assert_array_equal(got, np.array(wrapped, np.uint64).astype(dtype))


def _integer_power(base: int, exponent: int) -> int:
    if exponent >= 0:
        return base**exponent
    return base ** (exponent % 2) if abs(base) == 1 else 0
