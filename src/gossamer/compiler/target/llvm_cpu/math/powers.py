"""Powers, by logarithms of twice the precision: the exponent multiplies their error."""

from __future__ import annotations

from math import inf, nan

from gossamer.compiler.target.llvm_cpu.math.calculator import Calculator, Real, Truth
from gossamer.compiler.target.llvm_cpu.math.exponentials import LN2_HIGH, LN2_LOW, exp, scaled_exp
from gossamer.compiler.target.llvm_cpu.math.logarithms import Split, atanh_series, log

_SPLITTER = 2.0**27 + 1.0
_RANGE = (-746.0, 710.0)
_LARGEST_EXPONENT = 2.0**100
"""A power of any number but 1 with it is infinite or zero."""
_ALL_INTEGERS = 2.0**52
"""From here on there are no fractions."""


def power(f: Calculator, base: Real, exponent: Real) -> Real:
    """exp(y * log(x)), and what C says of zeros, infinities, NaNs and negative bases."""
    magnitude = abs(base)
    if f.is_wide:
        usual = _precise_power(f, magnitude, exponent)
        is_usual = (magnitude > 0.0) & (magnitude < inf) & (abs(exponent) < inf)
        value = f.select(is_usual, usual, exp(f, exponent * log(f, magnitude)))
    else:
        value = exp(f, exponent * log(f, magnitude))
    is_integer = _is_integer(f, exponent)
    is_odd = is_integer & _is_fraction(f, exponent * 0.5) & (abs(exponent) < _ALL_INTEGERS * 2.0)
    value = f.select(is_odd, value.with_sign_of(base), value)
    has_no_power = (base < 0.0) & (base > -inf) & _is_fraction(f, exponent)
    value = f.select(has_no_power, nan, value)
    is_one = base.equals(1.0) | exponent.equals(0.0)
    is_one = is_one | (magnitude.equals(1.0) & abs(exponent).equals(inf))
    return f.select(is_one, 1.0, value)


def _is_integer(f: Calculator, x: Real) -> Truth:
    magnitude = abs(x)
    rounded = magnitude + _ALL_INTEGERS - _ALL_INTEGERS
    return (magnitude >= _ALL_INTEGERS) | rounded.equals(magnitude)


def _is_fraction(f: Calculator, x: Real) -> Truth:
    magnitude = abs(x)
    rounded = magnitude + _ALL_INTEGERS - _ALL_INTEGERS
    return (magnitude < _ALL_INTEGERS) & f.compare("!=", rounded, magnitude)


def _precise_power(f: Calculator, magnitude: Real, exponent: Real) -> Real:
    high, low = _precise_log(f, magnitude)
    exponent = exponent.clamp(-_LARGEST_EXPONENT, _LARGEST_EXPONENT)
    product, error = _product(f, exponent, high)
    error = error + exponent * low
    limited = product.clamp(*_RANGE)
    return scaled_exp(f, limited, f.select(limited.equals(product), error, 0.0))


def _precise_log(f: Calculator, x: Real) -> tuple[Real, Real]:
    """The logarithm of a positive number as a sum of two."""
    split = Split(f, x)
    fraction = split.fraction
    divisor = fraction + 2.0
    lost = fraction - (divisor - 2.0)
    s = fraction / divisor
    product, error = _product(f, s, divisor)
    s_low = (fraction - product - error - s * lost) / divisor
    whole = split.exponent * LN2_HIGH
    twice = s + s
    high = whole + twice
    from_twice = high - whole
    low = (whole - (high - from_twice)) + (twice - from_twice)
    low = low + (s_low + s_low) + s * atanh_series(f, s * s) + split.exponent * LN2_LOW
    total = high + low
    return total, low - (total - high)


def _product(f: Calculator, lhs: Real, rhs: Real) -> tuple[Real, Real]:
    """A product and what rounding took from it."""
    product = lhs * rhs
    (a, b), (c, d) = _halves(lhs), _halves(rhs)
    return product, ((a * c - product) + a * d + b * c) + b * d


def _halves(x: Real) -> tuple[Real, Real]:
    scaled = x * _SPLITTER
    high = scaled - (scaled - x)
    return high, x - high
