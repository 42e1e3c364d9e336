"""Exponential functions and the hyperbolic ones made of them."""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from gossamer.compiler.target.llvm_cpu.math.calculator import ROUNDER, ROUNDER_BITS, Calculator, Real

LOG2_E = float.fromhex("0x1.71547652b82fep+0")
LN2 = float.fromhex("0x1.62e42fefa39efp-1")
# ln 2 in two numbers, of which the first has so few bits that its products with exponents are exact.
LN2_HIGH = float.fromhex("0x1.62e42feep-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")

_EXPONENT_BIAS = 1023
_FRACTION_BITS = 52
_WIDE_RANGE = (-746.0, 710.0)
_NARROW_RANGE = (-160.0, 130.0)
_SMALL = 0.5


def _series(count: int) -> list[float]:
    """Coefficients of (exp(r) - 1) / r."""
    return [float(Fraction(1, factorial(power + 1))) for power in range(count)]


def exp(f: Calculator, x: Real) -> Real:
    """2 ** n * exp(r), where x = n * ln 2 + r and r is at most half of ln 2."""
    x = x.clamp(*(_WIDE_RANGE if f.is_wide else _NARROW_RANGE))
    return scaled_exp(f, x, f.real(0.0))


def scaled_exp(f: Calculator, high: Real, low: Real) -> Real:
    """exp(high + low) for a number in two parts that is in range."""
    rounded = f.multiply_add(high, LOG2_E, f.real(ROUNDER))
    n = rounded - ROUNDER
    r = f.multiply_add(n, -LN2_LOW, f.multiply_add(n, -LN2_HIGH, high) + low)
    return _times_power(f, f.multiply_add(f.polynomial(r, _series(f.terms(13, 8))), r, f.real(1.0)), rounded)


def exp2(f: Calculator, x: Real) -> Real:
    """2 ** n * exp(r * ln 2), where x = n + r."""
    x = x.clamp(*(bound * LOG2_E for bound in (_WIDE_RANGE if f.is_wide else _NARROW_RANGE)))
    rounded = x + ROUNDER
    r = (x - (rounded - ROUNDER)) * LN2
    return _times_power(f, f.multiply_add(f.polynomial(r, _series(f.terms(13, 8))), r, f.real(1.0)), rounded)


def _times_power(f: Calculator, number: Real, rounded: Real) -> Real:
    """A number times 2 to the power that the low bits of `rounded` are."""
    bits = f.bits(rounded)
    if not f.is_wide:
        return number * f.number(bits + _EXPONENT_BIAS << _FRACTION_BITS)
    # Why twice: the power alone may be out of range where the product is not.
    exponent = bits - ROUNDER_BITS
    half = f.integer_op("arith.shrsi", exponent, 1)
    for part in (half, exponent - half):
        number = number * f.number(part + _EXPONENT_BIAS << _FRACTION_BITS)
    return number


def expm1(f: Calculator, x: Real) -> Real:
    """exp(x) - 1, by its series where the difference would lose digits."""
    small = x.clamp(-_SMALL, _SMALL)
    series = f.polynomial(small, _series(f.terms(16, 10))) * small
    return f.select(abs(x) < _SMALL, series, exp(f, x) - 1.0)


def tanh(f: Calculator, x: Real) -> Real:
    """t / (t + 2) with t = exp(2|x|) - 1."""
    t = expm1(f, abs(x).clamp(0.0, 22.0) * 2.0)
    return (t / (t + 2.0)).with_sign_of(x)


def sinh(f: Calculator, x: Real) -> Real:
    """(t + t / (t + 1)) / 2 with t = exp(|x|) - 1; for large |x|, exp(|x| / 2) squared over 2."""
    t = expm1(f, abs(x).clamp(0.0, _LARGE))
    small = (t + t / (t + 1.0)) * 0.5
    return f.select(abs(x) > _LARGE, _half_exp(f, x), small).with_sign_of(x)


def cosh(f: Calculator, x: Real) -> Real:
    """(e + 1 / e) / 2 with e = exp(|x|); for large |x|, exp(|x| / 2) squared over 2."""
    e = exp(f, abs(x).clamp(0.0, _LARGE))
    return f.select(abs(x) > _LARGE, _half_exp(f, x), (e + 1.0 / e) * 0.5)


_LARGE = 80.0
"""Above this exp(-x) no longer matters beside exp(x), which is still finite."""


def _half_exp(f: Calculator, x: Real) -> Real:
    root = exp(f, abs(x) * 0.5)
    return root * 0.5 * root
