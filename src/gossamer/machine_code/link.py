"""Links one object of x86-64 into a `CodeImage`.

Sections become the parts of the image, references between them are resolved. What is elsewhere is reached
through slots among the constants that loading fills: by stubs where it is called, directly where the code
asks for its address.
Spec: System V ABI, AMD64 supplement, "Relocation".
"""

from __future__ import annotations

import struct
from enum import IntEnum

from gossamer.errors import FormatError, UnimplementedError
from gossamer.format.elf_object import (
    ElfObject,
    ElfSection,
    ObjectRelocation,
    ObjectSymbol,
    SectionFlags,
    SectionType,
)
from gossamer.machine_code.code_image import PAGE_BYTES, CodeImage, page_end

LINKED_MACHINE = 62
"""ELF's number of the one architecture whose relocations are known here."""

_STUB_BYTES = 8
_SLOT_BYTES = 8
_UNWIND_TYPE = 0x70000001
_TABLE = "ELF object"


class _Type(IntEnum):
    NONE = 0
    ABSOLUTE_64 = 1
    RELATIVE_32 = 2
    CALL = 4
    SLOT = 9
    RELATIVE_64 = 24
    SLOT_RELAXABLE = 41
    SLOT_RELAXABLE_REX = 42


_CALLS = (_Type.CALL, _Type.RELATIVE_32)
_SLOTS = (_Type.SLOT, _Type.SLOT_RELAXABLE, _Type.SLOT_RELAXABLE_REX)


def link_object(source: ElfObject) -> CodeImage:
    """Link an object whose undefined symbols are functions.

    Raises: UnimplementedError for another architecture, or a relocation that position independent code of
        this machine does not have; FormatError for one that does not fit.
    """
    if source.machine != LINKED_MACHINE:
        raise UnimplementedError(f"objects of machine {source.machine} are not linked here")
    return _Linker(source).link()


class _Linker:
    """One object on its way."""

    def __init__(self, source: ElfObject) -> None:
        self._source = source
        self._parts = [bytearray(), bytearray(), bytearray()]
        self._part_offsets = [0, 0, 0]
        self._homes: dict[int, tuple[int, int]] = {}
        self._stubs: dict[str, int] = {}
        self._slots: dict[ObjectSymbol, int] = {}
        self._pointers: list[tuple[int, int]] = []
        self._imports: list[tuple[int, str]] = []

    def link(self) -> CodeImage:
        data_bytes = self._place_sections()
        relocations = [each for each in self._source.relocations if each.section in self._homes]
        self._reserve(relocations)
        code, constants, data = self._parts
        self._part_offsets = [0, page_end(len(code)), page_end(page_end(len(code)) + len(constants))]
        self._fill_stubs()
        for relocation in relocations:
            self._apply(relocation)
        for symbol, slot in self._slots.items():
            self._point(self._part_offsets[1] + slot, symbol, 0)
        symbols = {
            symbol.name: self._offset(symbol)
            for symbol in self._source.symbols
            if symbol.is_global and symbol.section and self._homes.get(symbol.section, (1,))[0] == 0
        }
        return CodeImage(
            bytes(code), bytes(constants), bytes(data[:data_bytes]), len(data),
            symbols, tuple(self._pointers), tuple(self._imports),
        )  # fmt: skip

    def _place_sections(self) -> int:
        """Gives every section its place; returns how much of the data is not zero."""
        filled = 0
        # Memory that is zero comes last, so that it needs no bytes.
        order = sorted(enumerate(self._source.sections), key=lambda item: item[1].type == SectionType.NOBITS)
        for index, section in order:
            # Nothing here throws, so tables for unwinding are left out.
            if not section.flags & SectionFlags.ALLOC or section.type == _UNWIND_TYPE:
                continue
            part = self._parts[_part(section)]
            if section.alignment > PAGE_BYTES:
                raise UnimplementedError(f"native code wants alignment {section.alignment}")
            part.extend(bytes(-len(part) % section.alignment))
            self._homes[index] = _part(section), len(part)
            part.extend(section.contents or bytes(section.length))
            if section.contents and _part(section) == 2:
                filled = len(part)
        return filled

    def _reserve(self, relocations: list[ObjectRelocation]) -> None:
        for relocation in relocations:
            symbol = relocation.symbol
            is_foreign_call = relocation.type in _CALLS and not symbol.section
            if is_foreign_call and symbol.name not in self._stubs:
                self._stubs[symbol.name] = self._extend(0, _STUB_BYTES)
            if (is_foreign_call or relocation.type in _SLOTS) and symbol not in self._slots:
                self._slots[symbol] = self._extend(1, _SLOT_BYTES)

    def _extend(self, part: int, length: int) -> int:
        contents = self._parts[part]
        contents.extend(bytes(-len(contents) % length))
        contents.extend(bytes(length))
        return len(contents) - length

    def _fill_stubs(self) -> None:
        slots = {symbol.name: slot for symbol, slot in self._slots.items() if not symbol.section}
        for name, stub in self._stubs.items():
            distance = self._part_offsets[1] + slots[name] - (stub + 6)
            # jmp *distance(%rip)
            self._parts[0][stub : stub + 6] = b"\xff\x25" + struct.pack("<i", distance)

    def _offset(self, symbol: ObjectSymbol) -> int:
        if not symbol.section:
            raise UnimplementedError(f"native code refers to {symbol.name!r}, which is elsewhere, directly")
        if symbol.section not in self._homes:
            raise FormatError(f"symbol {symbol.name!r} is in no part of the code", table=_TABLE)
        part, offset = self._homes[symbol.section]
        return self._part_offsets[part] + offset + symbol.offset

    def _point(self, place: int, symbol: ObjectSymbol, addend: int) -> None:
        if symbol.section:
            self._pointers.append((place, self._offset(symbol) + addend))
        elif addend:
            raise UnimplementedError(f"native code needs the address of {symbol.name!r} and {addend}")
        else:
            self._imports.append((place, symbol.name))

    def _apply(self, relocation: ObjectRelocation) -> None:
        part, start = self._homes[relocation.section]
        position = start + relocation.offset
        place = self._part_offsets[part] + position
        symbol, addend = relocation.symbol, relocation.addend
        match relocation.type:
            case _Type.NONE:
                return
            case _Type.ABSOLUTE_64 if part:
                self._point(place, symbol, addend)
            case _Type.RELATIVE_64:
                self._write(part, position, "<q", self._offset(symbol) + addend - place)
            case _Type.RELATIVE_32 | _Type.CALL:
                target = self._offset(symbol) if symbol.section else self._stubs[symbol.name]
                self._write(part, position, "<i", target + addend - place)
            case _Type.SLOT | _Type.SLOT_RELAXABLE | _Type.SLOT_RELAXABLE_REX:
                target = self._part_offsets[1] + self._slots[symbol]
                self._write(part, position, "<i", target + addend - place)
            case _:
                raise UnimplementedError(f"native code has a relocation of type {relocation.type}")

    def _write(self, part: int, position: int, layout: str, value: int) -> None:
        try:
            struct.pack_into(layout, self._parts[part], position, value)
        except struct.error as error:
            raise FormatError(f"relocation at {position} does not fit: {value}", table=_TABLE) from error


def _part(section: ElfSection) -> int:
    if section.flags & SectionFlags.EXECUTE:
        return 0
    return 2 if section.flags & SectionFlags.WRITE else 1
