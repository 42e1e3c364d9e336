"""Operations on f32 and f64 registers.

Values are Python floats; an f32 is a float that f32 can represent, before and after. Sums, products,
quotients and roots of f32 are computed in f64 and rounded: 53 bits are enough for the result to be the
correctly rounded one. Other functions are the C library's own (`libm`).

Details that differ from what names suggest (`iree/vm/ops.h` of IREE 3.13.0):
    rem        IEEE remainder, quotient rounded to nearest
    fma        multiply, round, add, round
    min max    the left operand unless the right one is strictly smaller (larger), so a NaN on the left wins
    round.even -0.5 gives +0
    cast       to integers rounds half away from zero; what does not fit 64 bits gives the lowest i64,
               and 32-bit results are the low half of the 64-bit one; f64 to 32 bits goes through f32
    cmp.ne.o   true on NaN
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from gossamer.vm.numbers.rounding import (
    f32_from_bits,
    f32_from_integer,
    f32_to_bits,
    f64_from_bits,
    f64_to_bits,
    round_f32,
)
from gossamer.vm.numbers.wrapping import MASK_32, MASK_64, wrap_i32, wrap_i64
from gossamer.vm.semantics.libm import c_function

Unary: TypeAlias = Callable[[float], float]
Binary: TypeAlias = Callable[[float, float], float]
Comparison: TypeAlias = Callable[[float, float], int]

_I64_MIN = -(1 << 63)
_TWO_63 = float(1 << 63)
_TWO_64 = float(1 << 64)
_round_half_away = c_function("round", 1)
_UNARY_C_NAMES = (
    *("atan", "cos", "sin", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2"),
    *("sqrt", "tanh", "erf"),
)


def divide(lhs: float, rhs: float) -> float:
    """IEEE quotient; Python's own raises on zero."""
    if rhs != 0.0:
        return lhs / rhs
    if lhs != lhs:
        return lhs
    if lhs == 0.0:
        # Why: the NaN that x86 makes of an invalid operation has its sign set.
        return -math.nan
    return math.copysign(math.inf, lhs) * math.copysign(1.0, rhs)


def round_half_even(value: float) -> float:
    """Nearest integer, ties to even; -0.5 gives +0."""
    rounded = _round_half_away(value)
    if abs(value - rounded) == 0.5 and rounded % 2.0 != 0.0:
        rounded -= math.copysign(1.0, rounded)
    return rounded


def round_to_i64(value: float) -> int:
    """Nearest integer, ties away from zero; the lowest i64 where it does not fit or is NaN."""
    if not abs(value) < _TWO_63:
        return _I64_MIN
    return int(_round_half_away(value))


def _round_f32_to_u64(value: float) -> int:
    rounded = _round_half_away(value)
    if 0.0 <= rounded < _TWO_64:
        return wrap_i64(int(rounded))
    return round_to_i64(value)


def _unary(f: str, round_to: Unary) -> dict[str, Unary]:
    suffix = "f" if f == "f32" else ""
    sqrt = c_function("sqrt" + suffix, 1)
    return {
        **{f"{name}.{f}": c_function(name + suffix, 1) for name in _UNARY_C_NAMES},
        f"rsqrt.{f}": lambda value: round_to(divide(1.0, sqrt(value))),
        f"abs.{f}": abs,
        f"neg.{f}": lambda value: -value,
        f"ceil.{f}": c_function("ceil", 1),
        f"floor.{f}": c_function("floor", 1),
        f"round.{f}": _round_half_away,
        f"round.{f}.even": round_half_even,
    }


def _binary(f: str, round_to: Unary) -> dict[str, Binary]:
    suffix = "f" if f == "f32" else ""
    return {
        f"add.{f}": lambda lhs, rhs: round_to(lhs + rhs),
        f"sub.{f}": lambda lhs, rhs: round_to(lhs - rhs),
        f"mul.{f}": lambda lhs, rhs: round_to(lhs * rhs),
        f"div.{f}": lambda lhs, rhs: round_to(divide(lhs, rhs)),
        f"rem.{f}": c_function("remainder" + suffix, 2),
        f"atan2.{f}": c_function("atan2" + suffix, 2),
        f"pow.{f}": c_function("pow" + suffix, 2),
        f"min.{f}": lambda lhs, rhs: rhs if rhs < lhs else lhs,
        f"max.{f}": lambda lhs, rhs: rhs if lhs < rhs else lhs,
    }


def _comparisons(f: str) -> dict[str, Comparison]:
    return {
        f"cmp.eq.{f}.o": lambda lhs, rhs: int(lhs == rhs),
        f"cmp.eq.{f}.u": lambda lhs, rhs: int(not (lhs < rhs or lhs > rhs)),
        f"cmp.ne.{f}.o": lambda lhs, rhs: int(lhs != rhs),
        f"cmp.ne.{f}.u": lambda lhs, rhs: int(lhs != rhs),
        f"cmp.lt.{f}.o": lambda lhs, rhs: int(lhs < rhs),
        f"cmp.lt.{f}.u": lambda lhs, rhs: int(not lhs >= rhs),
        f"cmp.lte.{f}.o": lambda lhs, rhs: int(lhs <= rhs),
        f"cmp.lte.{f}.u": lambda lhs, rhs: int(not lhs > rhs),
    }


def _is_nan(value: float) -> int:
    return int(value != value)


def _fma_f32(a: float, b: float, c: float) -> float:
    return round_f32(round_f32(a * b) + c)


def _fma_f64(a: float, b: float, c: float) -> float:
    return a * b + c


_FROM_INTEGER: dict[str, Callable[[int], float]] = {
    "cast.si32.f32": lambda value: round_f32(float(value)),
    "cast.ui32.f32": lambda value: round_f32(float(value & MASK_32)),
    "cast.si64.f32": f32_from_integer,
    "cast.ui64.f32": lambda value: f32_from_integer(value & MASK_64),
    "cast.si32.f64": float,
    "cast.ui32.f64": lambda value: float(value & MASK_32),
    "cast.si64.f64": float,
    "cast.ui64.f64": lambda value: float(value & MASK_64),
    "bitcast.i32.f32": f32_from_bits,
    "bitcast.i64.f64": f64_from_bits,
}

_TO_INTEGER: dict[str, Callable[[float], int]] = {
    "cast.f32.si32": lambda value: wrap_i32(round_to_i64(value)),
    "cast.f32.ui32": lambda value: wrap_i32(round_to_i64(value)),
    "cast.f32.si64": round_to_i64,
    "cast.f32.ui64": _round_f32_to_u64,
    "cast.f64.si32": lambda value: wrap_i32(round_to_i64(round_f32(value))),
    "cast.f64.ui32": lambda value: wrap_i32(round_to_i64(round_f32(value))),
    "cast.f64.si64": round_to_i64,
    "cast.f64.ui64": round_to_i64,
    "bitcast.f32.i32": f32_to_bits,
    "bitcast.f64.i64": f64_to_bits,
    "cmp.nan.f32": _is_nan,
    "cmp.nan.f64": _is_nan,
}

FLOAT_OPERATIONS: dict[str, Callable[..., int | float]] = {
    **_unary("f32", round_f32),
    **_unary("f64", float),
    **_binary("f32", round_f32),
    **_binary("f64", float),
    **_comparisons("f32"),
    **_comparisons("f64"),
    "fma.f32": _fma_f32,
    "fma.f64": _fma_f64,
    "trunc.f64.f32": round_f32,
    "ext.f32.f64": float,
    **_FROM_INTEGER,
    **_TO_INTEGER,
}
"""Operations by opcode name; each takes its register operands in stream order."""
