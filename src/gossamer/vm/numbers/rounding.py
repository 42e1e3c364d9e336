"""f32 values as Python floats: rounding, and exact passage to and from their bits.

Any float conversion of the processor makes a signalling NaN quiet. Bit casts, loads and stores must not,
so they go through `f32_from_bits` and `f32_to_bits`, which keep all 32 bits of every NaN.
"""

from __future__ import annotations

import struct
from ctypes import c_float

_F32 = struct.Struct("<f")
_I32 = struct.Struct("<i")
_F64 = struct.Struct("<d")
_U64 = struct.Struct("<Q")

_F64_EXPONENT = 0x7FF << 52
_MANTISSA_SHIFT = 52 - 23
_F32_MANTISSA = (1 << 23) - 1


def round_f32(value: float) -> float:
    """Nearest f32, ties to even; too large a value becomes infinite."""
    return c_float(value).value


def f32_from_bits(bits: int) -> float:
    """The f32 that a signed 32-bit pattern stands for."""
    value = _F32.unpack(_I32.pack(bits))[0]
    if value == value:
        return value
    sign = (bits & 0x8000_0000) << 32
    return _F64.unpack(_U64.pack(sign | _F64_EXPONENT | (bits & _F32_MANTISSA) << _MANTISSA_SHIFT))[0]


def f32_to_bits(value: float) -> int:
    """Signed 32-bit pattern of a value that is an f32."""
    if value == value:
        return _I32.unpack(_F32.pack(value))[0]
    wide = _U64.unpack(_F64.pack(value))[0]
    pattern = wide >> 32 & 0x8000_0000 | 0x7F80_0000 | wide >> _MANTISSA_SHIFT & _F32_MANTISSA
    return pattern - 0x1_0000_0000 if pattern & 0x8000_0000 else pattern


def f64_from_bits(bits: int) -> float:
    """The f64 that a signed 64-bit pattern stands for."""
    return struct.unpack("<d", struct.pack("<q", bits))[0]


def f64_to_bits(value: float) -> int:
    """Signed 64-bit pattern of an f64."""
    return struct.unpack("<q", struct.pack("<d", value))[0]


def f32_from_integer(value: int) -> float:
    """Nearest f32 of any 64-bit integer, rounded once, ties to even."""
    magnitude = abs(value)
    excess = magnitude.bit_length() - 53
    if excess > 0:
        # Why: f64 holds 53 bits. Rounding to f64 and again to f32 may go the wrong way on a tie, but not
        # when the last bit kept is set wherever bits were dropped (rounding to odd).
        dropped = magnitude & ((1 << excess) - 1)
        magnitude = (magnitude >> excess | (dropped != 0)) << excess
    rounded = round_f32(float(magnitude))
    return -rounded if value < 0 else rounded
