"""Integers that overflow: the low bits of any Python int, as a signed number of a width."""

from __future__ import annotations

MASK_32 = 0xFFFF_FFFF
MASK_64 = 0xFFFF_FFFF_FFFF_FFFF


def wrap_i8(value: int) -> int:
    """Low 8 bits, as a signed number."""
    return ((value + 0x80) & 0xFF) - 0x80


def wrap_i16(value: int) -> int:
    """Low 16 bits, as a signed number."""
    return ((value + 0x8000) & 0xFFFF) - 0x8000


def wrap_i32(value: int) -> int:
    """Low 32 bits, as a signed number."""
    return ((value + 0x8000_0000) & MASK_32) - 0x8000_0000


def wrap_i64(value: int) -> int:
    """Low 64 bits, as a signed number."""
    return ((value + 0x8000_0000_0000_0000) & MASK_64) - 0x8000_0000_0000_0000
