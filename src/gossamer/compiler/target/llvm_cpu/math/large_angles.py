"""Large angles modulo a quarter of a turn, exactly: an integer times the digits of 2 / pi that matter.

An angle is m * 2 ** e, with an integer m. Of 2 / pi times it only the value modulo 4 is of interest, so that
the digits that multiples of 4 come from are left out: those in front of a window that the exponent places.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gossamer.compiler.target.llvm_cpu.math.calculator import Bits, Calculator, Real

_LIMB_BITS = 32
_LIMB = (1 << _LIMB_BITS) - 1
_FRACTION_BITS = 52
_INTEGER_BITS = 2
"""Bits in front of the point, of numbers modulo 4."""
_TOP = _LIMB_BITS - _INTEGER_BITS


@dataclass(frozen=True, slots=True)
class _Shape:
    """How much an element type takes.

    Attributes:
        dropped: low bits of the fraction of f64 that are zero.
        fraction_limbs: of the fraction without them.
        zeros: limbs in front of the point, where windows of the least angles begin.
        levels: bits of the number of the limb where the window begins.
        limbs: of the window; those beyond the fraction's are for angles near multiples of half of pi.
    """

    dropped: int
    fraction_limbs: int
    zeros: int
    levels: int
    limbs: int


_WIDE = _Shape(dropped=0, fraction_limbs=2, zeros=1, levels=5, limbs=6)
_NARROW = _Shape(dropped=29, fraction_limbs=1, zeros=0, levels=2, limbs=3)


def large_angle(f: Calculator, angle: Real) -> tuple[Bits, Real]:
    """An angle of 2 ** 26 or more in quarters of a turn: a whole number, in the low bits, and the rest.

    The rest is from -0.5 to 0.5. Both are arbitrary where the angle is smaller, infinite or NaN.
    """
    shape = _WIDE if f.is_wide else _NARROW
    bits = f.bits(angle)
    biased = bits >> _FRACTION_BITS & 0x7FF
    fraction = bits & (1 << _FRACTION_BITS) - 1 | 1 << _FRACTION_BITS
    # The digit whose product with the fraction ends in the bit for 2 begins the window.
    start = biased - (1023 + _FRACTION_BITS - shape.dropped + _INTEGER_BITS - _LIMB_BITS * shape.zeros)
    product = _multiply(f, fraction >> shape.dropped, _window(f, start, shape), shape)
    return _split(f, product, bits)


def _window(f: Calculator, start: Bits, shape: _Shape) -> list[Bits]:
    """So many limbs of the digits, from a bit on."""
    whole, rest = start >> _LIMB_BITS.bit_length() - 1, start & _LIMB_BITS - 1
    digits = _two_over_pi(shape.limbs + (1 << shape.levels) - shape.zeros)
    limbs = [f.integer(limb) for limb in (0,) * shape.zeros + digits]
    for level in reversed(range(shape.levels)):
        step = 1 << level
        is_further = (whole >> level & 1).equals(1)
        kept = len(limbs) - step
        limbs = [f.select_bits(is_further, limbs[i + step], limbs[i]) for i in range(kept)]
    back = f.integer(_LIMB_BITS) - rest
    return [(limbs[i] << _LIMB_BITS | limbs[i + 1]) >> back & _LIMB for i in range(shape.limbs)]


def _multiply(f: Calculator, number: Bits, window: list[Bits], shape: _Shape) -> list[Bits]:
    """The product, as far down and up as the window, most significant limb first."""
    factors = [number & _LIMB, number >> _LIMB_BITS][: shape.fraction_limbs]
    carry = f.integer(0)
    product: list[Bits] = []
    for place in range(shape.limbs):
        low, high = carry & _LIMB, carry >> _LIMB_BITS
        for shift, factor in enumerate(factors[: place + 1]):
            partial = factor * window[shape.limbs - 1 - place + shift]
            low, high = low + (partial & _LIMB), high + (partial >> _LIMB_BITS)
        product.insert(0, low & _LIMB)
        carry = (low >> _LIMB_BITS) + high
    return product


def _split(f: Calculator, product: list[Bits], angle: Bits) -> tuple[Bits, Real]:
    """The nearest integer and the difference, with the sign of the angle."""
    rounded = product[0] + (1 << _TOP - 1)
    count = rounded >> _TOP
    top = product[0] - (count << _TOP)
    rest = f.real(0.0)
    for place, limb in enumerate((top, *product[1:4])):
        rest = rest + limb.to_number() * 2.0 ** -(_TOP + _LIMB_BITS * place)
    is_negative = (angle >> 63).equals(1)
    return f.select_bits(is_negative, f.integer(0) - count, count), f.select(is_negative, -rest, rest)


@cache
def _two_over_pi(count: int) -> tuple[int, ...]:
    """Limbs of 2 / pi behind the point."""
    bits = _LIMB_BITS * count
    one = 1 << bits + 64
    pi = 16 * _inverse_tangent(5, one) - 4 * _inverse_tangent(239, one)
    digits = 2 * one * (one >> 64) // pi
    return tuple(digits >> bits - _LIMB_BITS * (place + 1) & _LIMB for place in range(count))


def _inverse_tangent(inverse: int, one: int) -> int:
    """Arc tangent of 1 / `inverse`, by its series, as a multiple of 1 / `one`."""
    total, power, index = 0, one // inverse, 0
    while power:
        total += (-power if index % 2 else power) // (2 * index + 1)
        power //= inverse * inverse
        index += 1
    return total
