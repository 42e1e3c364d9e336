"""Sine, cosine, and the inverse functions."""

from __future__ import annotations

from fractions import Fraction
from math import factorial, inf, nan, pi, tan

from gossamer.compiler.target.llvm_cpu.math.calculator import ROUNDER, Calculator, Real, Truth
from gossamer.compiler.target.llvm_cpu.math.large_angles import large_angle

# Half of pi in four numbers; products of the first three with 26 bits are exact.
_HALF_PI = tuple(
    float.fromhex(part)
    for part in ("0x1.921fb54p+0", "0x1.10b46p-30", "0x1.1a6263p-54", "0x1.8a2e03707344ap-81")
)
_LARGE_ANGLE = 2.0**26
_QUARTER_PI = pi / 4
_EIGHTH_TAN = tan(pi / 8)


class _Reduced:
    """An angle as a multiple of half of pi, of which `bits` has the low bits, and a rest."""

    def __init__(self, f: Calculator, angle: Real) -> None:
        self.calculator = f
        magnitude = abs(angle)
        rounded = f.multiply_add(angle, 2 / pi, f.real(ROUNDER))
        count = rounded - ROUNDER
        rest = angle
        for part in _HALF_PI:
            rest = rest - count * part
        large_count, large_rest = large_angle(f, angle)
        is_large = magnitude >= _LARGE_ANGLE
        self.bits = f.select_bits(is_large, large_count, f.bits(rounded))
        rest = f.select(is_large, large_rest * (pi / 2), rest)
        self.rest = f.select(magnitude < inf, rest, nan)

    def _series(self, first: int, count: int) -> list[float]:
        return [float(Fraction((-1) ** index, factorial(first + 2 * index))) for index in range(count)]

    def sine_of_rest(self) -> Real:
        """Sine of the rest, which is at most a quarter of pi."""
        f, square = self.calculator, self.rest * self.rest
        factor = f.polynomial(square, self._series(3, f.terms(8, 5)))
        return f.multiply_add(factor * square, self.rest * -1.0, self.rest)

    def cosine_of_rest(self) -> Real:
        """Cosine of the rest."""
        f, square = self.calculator, self.rest * self.rest
        return f.polynomial(square, self._series(0, f.terms(9, 6)))

    def turned(self, quarters: int) -> Real:
        """Sine of the angle and so many quarters of a turn."""
        f = self.calculator
        turn = self.bits + quarters if quarters else self.bits
        is_even: Truth = (turn & 1).equals(0)
        value = f.select(is_even, self.sine_of_rest(), self.cosine_of_rest())
        return f.number(f.bits(value) ^ ((turn & 2) << 62))


def sin(f: Calculator, x: Real) -> Real:
    """Sine."""
    # Why the sign: the rest of -0 is +0.
    return f.select(x.equals(0.0), x, _Reduced(f, x).turned(0))


def cos(f: Calculator, x: Real) -> Real:
    """Cosine."""
    return _Reduced(f, x).turned(1)


def tan_(f: Calculator, x: Real) -> Real:
    """Sine over cosine."""
    reduced = _Reduced(f, x)
    return f.select(x.equals(0.0), x, reduced.turned(0) / reduced.turned(1))


def _atan_of_fraction(f: Calculator, x: Real) -> Real:
    """Arc tangent of a number from 0 to 1, by its series around 0 or a quarter of pi."""
    is_large = x > _EIGHTH_TAN
    small = f.select(is_large, (x - 1.0) / (x + 1.0), x)
    square = small * small
    count = f.terms(21, 11)
    coefficients = [(-1) ** index / (2 * index + 3) for index in range(count)]
    value = f.multiply_add(f.polynomial(square, coefficients) * square, small * -1.0, small)
    return f.select(is_large, value + _QUARTER_PI, value)


def atan(f: Calculator, x: Real) -> Real:
    """Arc tangent, by that of the inverse for numbers above 1."""
    magnitude = abs(x)
    is_large = magnitude > 1.0
    value = _atan_of_fraction(f, f.select(is_large, 1.0 / magnitude, magnitude))
    return f.select(is_large, pi / 2 - value, value).with_sign_of(x)


def atan2(f: Calculator, y: Real, x: Real) -> Real:
    """Angle of the point (x, y)."""
    height, width = abs(y), abs(x)
    is_steep = height > width
    larger, smaller = f.select(is_steep, height, width), f.select(is_steep, width, height)
    quotient = smaller / f.select(larger.equals(0.0), 1.0, larger)
    quotient = f.select(smaller.equals(inf) & larger.equals(inf), 1.0, quotient)
    value = _atan_of_fraction(f, quotient)
    value = f.select(is_steep, pi / 2 - value, value)
    # Why the bits: -0 is to the left.
    is_right = (f.bits(x) >> 63).equals(0)
    return f.select(is_right | x.is_nan(), value, pi - value).with_sign_of(y)


def asin(f: Calculator, x: Real) -> Real:
    """Angle whose sine is x, from both sides of the triangle."""
    return atan2(f, x, _other_side(x))


def acos(f: Calculator, x: Real) -> Real:
    """Angle whose cosine is x, from both sides of the triangle."""
    return atan2(f, _other_side(x), x)


def _other_side(x: Real) -> Real:
    return ((1.0 - x) * (x + 1.0)).sqrt()
