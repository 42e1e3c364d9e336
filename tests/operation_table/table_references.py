"""What StableHLO's operations mean, in NumPy: elementwise on arrays of one type.

Where the specification leaves a value open the table asks for what XLA computes: an integer divided by zero
is -1 (all bits), its remainder the dividend; the lowest integer divided by -1 is itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
from table_types import Array, ElementType

Reference = Callable[..., Array]


def in_type(type: ElementType, compute: Callable[..., Any]) -> Reference:
    """Compute on Python's numbers, one element at a time, and wrap or round the results to the type."""

    def reference(*operands: Array) -> Array:
        rows = zip(*(operand.tolist() for operand in operands), strict=True)
        values = [compute(*row) for row in rows]
        if type.kind in "iu":
            mask = (1 << type.bits) - 1
            unsigned = np.array([value & mask for value in values], f"uint{type.bits}")
            return unsigned.view(type.dtype)
        return np.array(values, np.bool_)

    return reference


def in_floats(compute: Callable[..., Any]) -> Reference:
    """Compute in 64 bits, and round to the operands' type; results below its normal range are zero.

    IREE lets processors flush such numbers, and so do we.
    """

    def reference(*operands: Array) -> Array:
        dtype = operands[0].dtype
        with np.errstate(all="ignore"):
            wide = np.asarray(compute(*(operand.astype(np.float64) for operand in operands)))
            is_tiny = np.abs(wide) < float(ml_dtypes.finfo(dtype).smallest_normal)
            return np.where(is_tiny & (dtype != np.float16), np.copysign(0, wide), wide).astype(dtype)

    return reference


def in_complex(compute: Callable[..., Any]) -> Reference:
    """Compute in twice 64 bits, and round to the operands' type."""

    def reference(*operands: Array) -> Array:
        with np.errstate(all="ignore"):
            wide = np.asarray(compute(*(operand.astype(np.complex128) for operand in operands)))
            return wide.astype(operands[0].dtype)

    return reference


def complex_sign(a: Array) -> Array:
    """The number of length one in the same direction; zero stays."""
    length = np.abs(a)
    return np.where(length == 0, 0, a / np.where(length == 0, 1, length))


def divide(a: int, b: int) -> int:
    """Quotient rounded towards zero."""
    if b == 0:
        return -1
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def remainder(a: int, b: int) -> int:
    """Remainder with the sign of the dividend."""
    if b == 0:
        return a
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def power(a: int, b: int) -> int:
    """Integer power: negative exponents give what rounds towards zero."""
    if b >= 0:
        return pow(a, b, 1 << 64)
    return 1 if a == 1 else (1 if b % 2 == 0 else -1) if a == -1 else 0


def shift_left(bits: int) -> Callable[[int, int], int]:
    """Zero from the type's width on; amounts have no sign."""
    return lambda a, b: a << b if 0 <= b < bits else 0


def shift_right_logical(bits: int) -> Callable[[int, int], int]:
    """Zero from the type's width on."""
    return lambda a, b: (a & ((1 << bits) - 1)) >> b if 0 <= b < bits else 0


def shift_right_arithmetic(bits: int) -> Callable[[int, int], int]:
    """The sign from the type's width on: that of the top bit, whatever the type's own sign."""

    def compute(a: int, b: int) -> int:
        signed = a - (1 << bits) if a >> (bits - 1) == 1 else a
        return signed >> (b if 0 <= b < bits else bits - 1)

    return compute


def count_leading_zeros(bits: int) -> Callable[[int], int]:
    """Zeros above the highest bit that is set."""
    return lambda a: bits - (a & ((1 << bits) - 1)).bit_length()


def popcnt(bits: int) -> Callable[[int], int]:
    """Bits that are set."""
    return lambda a: (a & ((1 << bits) - 1)).bit_count()


def sign(a: Array) -> Array:
    """Signs of floats: zeros keep theirs, NaN stays."""
    return np.where(a == 0, a, np.sign(a))


def maximum(a: Array, b: Array) -> Array:
    """NaN wins; +0 is above -0."""
    equal = np.where(np.signbit(a), b, a)
    return np.where(a == b, equal, np.maximum(a, b))


def minimum(a: Array, b: Array) -> Array:
    """NaN wins; -0 is below +0."""
    equal = np.where(np.signbit(a), a, b)
    return np.where(a == b, equal, np.minimum(a, b))


def round_nearest_afz(a: Array) -> Array:
    """Halves away from zero."""
    whole = np.trunc(a)
    return np.where(np.abs(a - whole) >= 0.5, whole + np.sign(a), np.copysign(whole, a))
