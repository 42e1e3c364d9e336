"""Operand values that tell implementations apart: edges of each type, and random bits beside them."""

from __future__ import annotations

import itertools
import random
import struct

SEED = 20250817

_I32 = (
    *(0, 1, -1, 2, -2, 7, 31, 32, 33, 63, 64, 127, 128, 255, 256, -128, -129),
    *(0x7FFF, 0x8000, 0xFFFF, 0x10000, -0x8000, 0x7FFF_FFFF, -0x8000_0000, -0x7FFF_FFFF, 0x7FFF_0000),
)
_I64 = (
    *_I32,
    *(1 << 31, 1 << 32, -(1 << 31) - 1, (1 << 53) + 1, (1 << 54) + (1 << 30) + 1, (1 << 62) + 1),
    *((1 << 63) - 1, -(1 << 63), -(1 << 63) + 1, 0x1_0000_0080_0001),
)
_NUMBERS = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.5, 0.75, -0.25, 10.0, 100.0, -87.0, 88.8),
    *(8388607.5, 8388608.5, 16777217.0, 2.0**31, -(2.0**31), 2.0**31 - 128, 2.0**32, 4294967040.0),
    *(2.0**53 + 2, 2.0**63, -(2.0**63), 9.2e18, 2.0**64, 1.8e19, 3e9, -3e9, 1e20, -1e20, 1e38, 1e-38),
)
# Bits, not numbers: what is next to one half, denormals, infinities, quiet NaNs with signs and payloads.
_F32_BITS = (
    *(0x3EFFFFFF, 0xBEFFFFFF, 0x3F000001, 0x00000001, 0x80000001, 0x00400000, 0x007FFFFF, 0x00800000),
    *(0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00000, 0x7FC12345),
)
_F64_BITS = (
    *(0x3FDFFFFFFFFFFFFF, 0xBFDFFFFFFFFFFFFF, 0x3FE0000000000001, 1, 0x8000000000000001),
    *(0x000FFFFFFFFFFFFF, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000, 0xFFF0000000000000),
    *(0x7FF8000000000000, 0xFFF8000000000000, 0x7FF8000012345678),
)


def edges(kind: str) -> list[int]:
    """Bits of the edge values of a kind, as unsigned numbers."""
    if kind == "i":
        return [value & 0xFFFF_FFFF for value in _I32]
    if kind == "I":
        return [value & 0xFFFF_FFFF_FFFF_FFFF for value in _I64]
    if kind == "f":
        return [*(struct.unpack("<I", struct.pack("<f", value))[0] for value in _NUMBERS), *_F32_BITS]
    return [*(struct.unpack("<Q", struct.pack("<d", value))[0] for value in _NUMBERS), *_F64_BITS]


def _random_bits(kind: str, generator: random.Random) -> int:
    bits = generator.getrandbits(32 if kind in "if" else 64)
    # Why: signalling NaNs are not to be had as results of arithmetic, and reading one may make it quiet.
    if kind == "f" and bits & 0x7F800000 == 0x7F800000:
        bits |= 0x00400000
    if kind == "F" and bits >> 52 & 0x7FF == 0x7FF:
        bits |= 1 << 51
    return bits


def operand_tuples(kinds: str, count: int) -> list[tuple[int, ...]]:
    """Operand bits for an operation: pairs of edges first, then edges beside random ones."""
    generator = random.Random(f"{SEED} {kinds}")
    pools = [edges(kind) for kind in kinds]
    everything = list(itertools.product(*pools)) if len(kinds) < 3 else []
    chosen = everything if len(everything) <= count else generator.sample(everything, count * 2 // 3)
    while len(chosen) < count:
        chosen.append(
            tuple(
                generator.choice(pool) if generator.random() < 0.5 else _random_bits(kind, generator)
                for kind, pool in zip(kinds, pools, strict=True)
            )
        )
    return chosen
