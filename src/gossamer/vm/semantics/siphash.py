"""SipHash-2-4 with the key bytes 00 01 … 0F: what `buffer.hash` computes.

Source: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012.
"""

from __future__ import annotations

import struct

from gossamer.vm.numbers.wrapping import MASK_64, wrap_i64

_KEY_0 = 0x0706050403020100
_KEY_1 = 0x0F0E0D0C0B0A0908
_INITIAL = (
    _KEY_0 ^ 0x736F6D6570736575,
    _KEY_1 ^ 0x646F72616E646F6D,
    _KEY_0 ^ 0x6C7967656E657261,
    _KEY_1 ^ 0x7465646279746573,
)


def siphash_2_4(data: memoryview) -> int:
    """Hash of the bytes, as a signed 64-bit number."""
    whole_bytes = len(data) - len(data) % 8
    v0, v1, v2, v3 = _INITIAL
    last = int.from_bytes(data[whole_bytes:], "little") | (len(data) & 0xFF) << 56
    for word in (*struct.unpack(f"<{whole_bytes // 8}Q", data[:whole_bytes]), last):
        v3 ^= word
        v0, v1, v2, v3 = _rounds(2, v0, v1, v2, v3)
        v0 ^= word
    v0, v1, v2, v3 = _rounds(4, v0, v1, v2 ^ 0xFF, v3)
    return wrap_i64(v0 ^ v1 ^ v2 ^ v3)


def _rotate(value: int, amount: int) -> int:
    return (value << amount | value >> (64 - amount)) & MASK_64


def _rounds(count: int, v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    for _ in range(count):
        v0 = (v0 + v1) & MASK_64
        v1 = _rotate(v1, 13) ^ v0
        v0 = _rotate(v0, 32)
        v2 = (v2 + v3) & MASK_64
        v3 = _rotate(v3, 16) ^ v2
        v0 = (v0 + v3) & MASK_64
        v3 = _rotate(v3, 21) ^ v0
        v2 = (v2 + v1) & MASK_64
        v1 = _rotate(v1, 17) ^ v2
        v2 = _rotate(v2, 32)
    return v0, v1, v2, v3
