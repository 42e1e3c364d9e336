"""Operations on i32 and i64 registers.

Values are Python ints in the signed range of their width, before and after. Overflow wraps. Where C leaves
the result undefined or the processor traps, the result is defined here: division by zero raises
InvalidArgumentError, and the lowest integer divided by -1 wraps to itself with remainder 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gossamer.errors import InvalidArgumentError
from gossamer.vm.numbers.wrapping import MASK_32, MASK_64, wrap_i8, wrap_i16, wrap_i32, wrap_i64

Unary: TypeAlias = Callable[[int], int]
Binary: TypeAlias = Callable[[int, int], int]


def divide_toward_zero(lhs: int, rhs: int) -> int:
    """Quotient without its fraction.

    Raises: InvalidArgumentError when rhs is zero.
    """
    if rhs == 0:
        raise InvalidArgumentError("integer division by zero")
    quotient = abs(lhs) // abs(rhs)
    return quotient if (lhs < 0) == (rhs < 0) else -quotient


def remainder_toward_zero(lhs: int, rhs: int) -> int:
    """What `divide_toward_zero` leaves; it has the sign of lhs.

    Raises: InvalidArgumentError when rhs is zero.
    """
    return lhs - divide_toward_zero(lhs, rhs) * rhs


def _binary_arithmetic(bits: int, mask: int, wrap: Unary) -> dict[str, Binary]:
    i = f"i{bits}"
    return {
        f"add.{i}": lambda lhs, rhs: wrap(lhs + rhs),
        f"sub.{i}": lambda lhs, rhs: wrap(lhs - rhs),
        f"mul.{i}": lambda lhs, rhs: wrap(lhs * rhs),
        f"div.{i}.s": lambda lhs, rhs: wrap(divide_toward_zero(lhs, rhs)),
        f"div.{i}.u": lambda lhs, rhs: wrap(divide_toward_zero(lhs & mask, rhs & mask)),
        f"rem.{i}.s": remainder_toward_zero,
        f"rem.{i}.u": lambda lhs, rhs: wrap(remainder_toward_zero(lhs & mask, rhs & mask)),
        f"min.{i}.s": lambda lhs, rhs: min(lhs, rhs),
        f"min.{i}.u": lambda lhs, rhs: wrap(min(lhs & mask, rhs & mask)),
        f"max.{i}.s": lambda lhs, rhs: max(lhs, rhs),
        f"max.{i}.u": lambda lhs, rhs: wrap(max(lhs & mask, rhs & mask)),
    }


def _binary_bitwise(bits: int, mask: int, wrap: Unary) -> dict[str, Binary]:
    i = f"i{bits}"
    amount_mask = bits - 1
    return {
        f"and.{i}": lambda lhs, rhs: lhs & rhs,
        f"or.{i}": lambda lhs, rhs: lhs | rhs,
        f"xor.{i}": lambda lhs, rhs: lhs ^ rhs,
        f"shl.{i}": lambda value, amount: wrap(value << (amount & amount_mask)),
        f"shr.{i}.s": lambda value, amount: value >> (amount & amount_mask),
        f"shr.{i}.u": lambda value, amount: wrap((value & mask) >> (amount & amount_mask)),
    }


def _comparisons(bits: int, mask: int) -> dict[str, Binary]:
    i = f"i{bits}"
    return {
        f"cmp.eq.{i}": lambda lhs, rhs: int(lhs == rhs),
        f"cmp.ne.{i}": lambda lhs, rhs: int(lhs != rhs),
        f"cmp.lt.{i}.s": lambda lhs, rhs: int(lhs < rhs),
        f"cmp.lt.{i}.u": lambda lhs, rhs: int(lhs & mask < rhs & mask),
    }


def _unary(bits: int, mask: int, wrap: Unary) -> dict[str, Unary]:
    i = f"i{bits}"
    return {
        f"not.{i}": lambda value: ~value,
        f"abs.{i}": lambda value: wrap(abs(value)),
        f"ctlz.{i}": lambda value: bits - (value & mask).bit_length(),
        f"cmp.nz.{i}": lambda value: int(value != 0),
    }


def _fma_i32(a: int, b: int, c: int) -> int:
    return wrap_i32(a * b + c)


def _fma_i64(a: int, b: int, c: int) -> int:
    return wrap_i64(a * b + c)


_CONVERSIONS: dict[str, Unary] = {
    "trunc.i32.i8": lambda value: value & 0xFF,
    "trunc.i32.i16": lambda value: value & 0xFFFF,
    "trunc.i64.i32": wrap_i32,
    "ext.i8.i32.s": wrap_i8,
    "ext.i8.i32.u": lambda value: value & 0xFF,
    "ext.i16.i32.s": wrap_i16,
    "ext.i16.i32.u": lambda value: value & 0xFFFF,
    "ext.i32.i64.s": lambda value: value,
    "ext.i32.i64.u": lambda value: value & MASK_32,
}

INTEGER_OPERATIONS: dict[str, Callable[..., int]] = {
    **_unary(32, MASK_32, wrap_i32),
    **_unary(64, MASK_64, wrap_i64),
    **_binary_arithmetic(32, MASK_32, wrap_i32),
    **_binary_arithmetic(64, MASK_64, wrap_i64),
    **_binary_bitwise(32, MASK_32, wrap_i32),
    **_binary_bitwise(64, MASK_64, wrap_i64),
    **_comparisons(32, MASK_32),
    **_comparisons(64, MASK_64),
    "fma.i32": _fma_i32,
    "fma.i64": _fma_i64,
    **_CONVERSIONS,
}
"""Operations by opcode name; each takes its register operands in stream order."""
