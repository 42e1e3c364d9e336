"""Logarithms, and what is made of them: inverse hyperbolic functions, powers, roots."""

from __future__ import annotations

from math import inf, nan

from gossamer.compiler.target.llvm_cpu.math.calculator import ROUNDER, ROUNDER_BITS, Bits, Calculator, Real
from gossamer.compiler.target.llvm_cpu.math.exponentials import LN2, LN2_HIGH, LN2_LOW, exp

LOG10_E = float.fromhex("0x1.bcb7b1526e50ep-2")
LOG2_E = float.fromhex("0x1.71547652b82fep+0")
# log10 2 in two numbers, as ln 2.
LOG10_2_HIGH = float.fromhex("0x1.34413509f6p-2")
LOG10_2_LOW = float.fromhex("0x1.9fef311f12b36p-42")

_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
_FRACTION_MASK = (1 << 52) - 1
_EXPONENT_OFFSET = 1024
_LARGE = 2.0**54


class Split:
    """A positive number as 2 ** exponent * (1 + fraction), the factor between the roots of 1/2 and 2."""

    def __init__(self, f: Calculator, x: Real) -> None:
        shifted = f.bits(x) - _ROOT_HALF_BITS
        biased = (shifted + (_EXPONENT_OFFSET << 52)) >> 52
        self.exponent = f.number(biased + (ROUNDER_BITS - _EXPONENT_OFFSET)) - ROUNDER
        factor: Bits = (shifted & _FRACTION_MASK) + _ROOT_HALF_BITS
        self.fraction = f.number(factor) - 1.0


def atanh_series(f: Calculator, square: Real) -> Real:
    """2 * (atanh(s) / s - 1) by the square of s."""
    coefficients = [2.0 / power for power in range(3, 3 + 2 * f.terms(10, 5), 2)]
    return f.polynomial(square, coefficients) * square


def _log_of_factor(f: Calculator, fraction: Real, low: Real) -> Real:
    """log(1 + fraction) + low, by 2 * atanh(s) with s = fraction / (2 + fraction)."""
    s = fraction / (fraction + 2.0)
    half_square = fraction * fraction * 0.5
    return fraction - (half_square - (s * (half_square + atanh_series(f, s * s)) + low))


def _checked(f: Calculator, x: Real, result: Real) -> Real:
    """A logarithm where there is one: -inf of zero, inf of inf, NaN of what is negative or NaN."""
    special = f.select(x.equals(0.0), -inf, f.select(x.equals(inf), inf, nan))
    return f.select((x > 0.0) & (x < inf), result, special)


def log(f: Calculator, x: Real) -> Real:
    """Natural logarithm."""
    split = Split(f, x)
    factor = _log_of_factor(f, split.fraction, split.exponent * LN2_LOW)
    return _checked(f, x, split.exponent * LN2_HIGH + factor)


def log2(f: Calculator, x: Real) -> Real:
    """Logarithm to base 2; exact for its powers."""
    split = Split(f, x)
    return _checked(f, x, split.exponent + _log_of_factor(f, split.fraction, f.real(0.0)) * LOG2_E)


def log10(f: Calculator, x: Real) -> Real:
    """Logarithm to base 10."""
    split = Split(f, x)
    factor = _log_of_factor(f, split.fraction, f.real(0.0)) * LOG10_E
    return _checked(f, x, split.exponent * LOG10_2_HIGH + (split.exponent * LOG10_2_LOW + factor))


def log1p(f: Calculator, x: Real) -> Real:
    """log(1 + x), corrected by what the sum loses."""
    total = x + 1.0
    logarithm = log(f, total)
    corrected = logarithm + (x - (total - 1.0)) / total
    value = f.select((total > 0.0) & (total < inf), corrected, logarithm)
    # Why zero by itself: the sum has lost its sign.
    return f.select(x.equals(0.0), x, value)


def asinh(f: Calculator, x: Real) -> Real:
    """log(|x| + sqrt(x * x + 1)), by log1p where x is small; log(|x|) + log(2) where it is large."""
    magnitude = abs(x)
    square = magnitude * magnitude
    small = log1p(f, magnitude + square / ((square + 1.0).sqrt() + 1.0))
    return _unless_large(f, magnitude, small).with_sign_of(x)


def acosh(f: Calculator, x: Real) -> Real:
    """log(x + sqrt(x * x - 1)), by log1p of t = x - 1; log(x) + log(2) where x is large."""
    t = x - 1.0
    # Why: two roots, not the root of the product, which two negative factors would make positive.
    return _unless_large(f, x, log1p(f, t + t.sqrt() * (t + 2.0).sqrt()))


def _unless_large(f: Calculator, x: Real, small: Real) -> Real:
    return f.select(x > _LARGE, log(f, x) + LN2, small)


def atanh(f: Calculator, x: Real) -> Real:
    """log1p(2|x| / (1 - |x|)) / 2."""
    magnitude = abs(x)
    return (log1p(f, (magnitude + magnitude) / (1.0 - magnitude)) * 0.5).with_sign_of(x)


def cbrt(f: Calculator, x: Real) -> Real:
    """A power, then one step of Newton's method where that is a finite number other than zero."""
    magnitude = abs(x)
    root = exp(f, log(f, magnitude) * (1 / 3))
    better = root - (root - magnitude / (root * root)) * (1 / 3)
    is_usual = (magnitude > 0.0) & (magnitude < inf)
    return f.select(is_usual, better, magnitude).with_sign_of(x)
