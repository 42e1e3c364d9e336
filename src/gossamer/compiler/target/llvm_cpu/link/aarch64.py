"""Relocations of AArch64.

Spec: ELF for the Arm 64-bit Architecture, "Relocation".
"""

from __future__ import annotations

from enum import IntEnum

from gossamer.compiler.target.llvm_cpu.link.machine import Machine, Site


class _Type(IntEnum):
    POINTER = 257
    DISTANCE_64 = 260
    DISTANCE_32 = 261
    ADR = 274
    ADR_PAGE = 275
    ADD_LOW = 277
    LOAD_LOW_8 = 278
    TEST_BRANCH = 279
    CONDITIONAL_BRANCH = 280
    BRANCH = 282
    CALL = 283
    LOAD_LOW_16 = 284
    LOAD_LOW_32 = 285
    LOAD_LOW_64 = 286
    LOAD_LOW_128 = 299
    SLOT_PAGE = 311
    SLOT_LOW = 312
    DISTANCE_32_OF_FUNCTION = 314
    RELATIVE = 1027


_UNITS: dict[int, int] = {
    _Type.ADD_LOW: 1,
    _Type.LOAD_LOW_8: 1,
    _Type.LOAD_LOW_16: 2,
    _Type.LOAD_LOW_32: 4,
    _Type.LOAD_LOW_64: 8,
    _Type.LOAD_LOW_128: 16,
    _Type.SLOT_LOW: 8,
}
"""By relocation of the low 12 bits of an address: what the instruction counts them in."""

_PAGE_MASK = 0xFFF


def _apply(site: Site) -> bool:
    target = site.slot or site.target
    distance = target - site.address
    match site.type:
        case _Type.DISTANCE_64:
            site.write("<q", distance)
        case _Type.DISTANCE_32 | _Type.DISTANCE_32_OF_FUNCTION:
            site.write("<i", distance)
        case _Type.ADR:
            _set_adr(site, site.signed(distance, 21))
        case _Type.ADR_PAGE | _Type.SLOT_PAGE:
            pages = (target & ~_PAGE_MASK) - (site.address & ~_PAGE_MASK)
            _set_adr(site, site.signed(pages, 21, _PAGE_MASK + 1))
        case _Type.BRANCH | _Type.CALL:
            site.set_word((1 << 26) - 1, site.signed(distance, 26, 4))
        case _Type.CONDITIONAL_BRANCH:
            site.set_word(0x7FFFF << 5, site.signed(distance, 19, 4) << 5)
        case _Type.TEST_BRANCH:
            site.set_word(0x3FFF << 5, site.signed(distance, 14, 4) << 5)
        case type_ if type_ in _UNITS:
            low, unit = target & _PAGE_MASK, _UNITS[type_]
            if low % unit:
                raise site.too_far(low)
            site.set_word(_PAGE_MASK << 10, low // unit << 10)
        case _:
            return False
    return True


def _set_adr(site: Site, distance: int) -> None:
    site.set_word(3 << 29 | 0x7FFFF << 5, (distance & 3) << 29 | distance >> 2 << 5)


AARCH64 = Machine(
    page_bytes=65536,
    pointer=_Type.POINTER,
    relative=_Type.RELATIVE,
    slots=frozenset({_Type.SLOT_PAGE, _Type.SLOT_LOW}),
    apply=_apply,
)
