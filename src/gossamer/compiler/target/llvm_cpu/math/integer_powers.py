"""Powers of integers, by squaring once for each bit of the exponent."""

from __future__ import annotations

from gossamer.compiler.target.llvm_cpu.math.calculator import Bits, Calculator


def integer_power(f: Calculator, base: Bits, exponent: Bits, width: int) -> Bits:
    """A power of signed integers, in its low bits.

    That of a negative exponent is 1 / (base ** -exponent) without its fraction, and zero for base zero.

    Args:
        f: appends the arithmetic.
        base: sign-extended.
        exponent: sign-extended.
        width: bits of the operands' type.
    """
    power, square = f.integer(1), base
    for bit in range(width - 1):
        is_factor = (exponent >> bit & 1).equals(1)
        power = f.select_bits(is_factor, power * square, power)
        square = square * square
    is_odd = (exponent & 1).equals(1)
    alternating = f.select_bits(is_odd, base, f.integer(1))
    is_unit = base.equals(1) | base.equals(-1)
    inverse = f.select_bits(is_unit, alternating, f.integer(0))
    return f.select_bits((exponent >> 63).equals(1), inverse, power)
