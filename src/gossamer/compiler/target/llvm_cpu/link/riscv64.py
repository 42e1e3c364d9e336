"""Relocations of RISC-V, 64 bits.

An address takes two instructions, the second of which refers to the first instead of to the address.
Spec: RISC-V ELF psABI, "Relocations".
"""

from __future__ import annotations

from enum import IntEnum

from gossamer.compiler.target.llvm_cpu.link.machine import Machine, Site


class _Type(IntEnum):
    NONE = 0
    POINTER = 2
    RELATIVE = 3
    BRANCH = 16
    JUMP = 17
    CALL = 18
    CALL_BY_TABLE = 19
    SLOT_HIGH = 20
    HIGH = 23
    LOW_LOAD = 24
    LOW_STORE = 25
    COMPRESSED_BRANCH = 44
    COMPRESSED_JUMP = 45
    RELAX = 51
    DISTANCE_32 = 57


def _apply(site: Site) -> bool:
    distance = (site.slot or site.target) - site.address
    match site.type:
        case _Type.BRANCH:
            _set_branch(site, site.signed(distance, 13))
        case _Type.JUMP:
            _set_jump(site, site.signed(distance, 21))
        case _Type.CALL | _Type.CALL_BY_TABLE:
            _set_high(site, distance)
            site.set_word(0xFFF << 20, distance << 20, 4)
        case _Type.HIGH | _Type.SLOT_HIGH:
            _set_high(site, distance)
        case _Type.LOW_LOAD:
            site.set_word(0xFFF << 20, distance << 20)
        case _Type.LOW_STORE:
            site.set_word(0xFE000F80, (distance & 0xFE0) << 20 | (distance & 31) << 7)
        case _Type.COMPRESSED_BRANCH:
            _set_scattered(site, site.signed(distance, 9), _COMPRESSED_BRANCH)
        case _Type.COMPRESSED_JUMP:
            _set_scattered(site, site.signed(distance, 12), _COMPRESSED_JUMP)
        case _Type.DISTANCE_32:
            site.write("<i", distance)
        case _:
            return False
    return True


# Pairs: which bit of the distance, which bit of the instruction.
_COMPRESSED_BRANCH = ((8, 12), (4, 11), (3, 10), (7, 6), (6, 5), (2, 4), (1, 3), (5, 2))
_COMPRESSED_JUMP = (
    *((11, 12), (4, 11), (9, 10), (8, 9), (10, 8), (6, 7)),
    *((7, 6), (3, 5), (2, 4), (1, 3), (5, 2)),
)


def _set_high(site: Site, distance: int) -> None:
    # Why: the low part is signed, so it may take one from the high part.
    high = distance + 0x800
    site.signed(high, 32)
    site.set_word(0xFFFFF000, high)


def _set_branch(site: Site, distance: int) -> None:
    bits = (distance >> 12 & 1) << 31 | (distance >> 5 & 63) << 25
    bits |= (distance >> 1 & 15) << 8 | (distance >> 11 & 1) << 7
    site.set_word(0xFE000F80, bits)


def _set_jump(site: Site, distance: int) -> None:
    bits = (distance >> 20 & 1) << 31 | (distance >> 1 & 0x3FF) << 21
    bits |= (distance >> 11 & 1) << 20 | (distance >> 12 & 0xFF) << 12
    site.set_word(0xFFFFF000, bits)


def _set_scattered(site: Site, distance: int, places: tuple[tuple[int, int], ...]) -> None:
    half = int.from_bytes(site.contents[site.offset : site.offset + 2], "little")
    for bit, place in places:
        half = half & ~(1 << place) | (distance >> bit & 1) << place
    site.write("<H", half)


RISCV64 = Machine(
    page_bytes=4096,
    pointer=_Type.POINTER,
    relative=_Type.RELATIVE,
    slots=frozenset({_Type.SLOT_HIGH}),
    apply=_apply,
    nothing=frozenset({_Type.NONE, _Type.RELAX}),
    paired=frozenset({_Type.LOW_LOAD, _Type.LOW_STORE}),
)
