"""Relocatable ELF objects, as compilers write them: sections, symbols, relocations.

In: bytes of a 64-bit little-endian object. Out: `ElfObject`, its indices and ranges checked.
Spec: System V ABI, "Sections", "Symbol Table", "Relocation".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple

from gossamer.errors import FormatError, UnimplementedError
from gossamer.format.elf import read_elf_header

_HEADER = struct.Struct("<QQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QIIq")

_TABLE = "ELF object"
_IDENT_BYTES = 24
_RELOCATABLE = 1
_UNDEFINED = 0
_RESERVED_SECTIONS = 0xFF00
_TYPE_FILE = 4
_PLAIN_TYPES = (0, 1, 2, 3, _TYPE_FILE)


class SectionType(IntEnum):
    """Types of sections that matter here."""

    PROGBITS = 1
    SYMTAB = 2
    STRTAB = 3
    RELA = 4
    NOBITS = 8
    REL = 9


class SectionFlags(IntFlag):
    """Flags of sections that matter here."""

    WRITE = 1
    ALLOC = 2
    EXECUTE = 4
    TLS = 0x400


class ElfSection(NamedTuple):
    """A section.

    Attributes:
        contents: empty for NOBITS.
        length: bytes in memory.
        link, info: indices of other sections, by type.
    """

    type: int
    flags: int
    contents: bytes
    length: int
    alignment: int
    link: int
    info: int


class ObjectSymbol(NamedTuple):
    """A symbol; `section` is 0 where another file must define it."""

    name: str
    section: int
    offset: int
    is_global: bool


class ObjectRelocation(NamedTuple):
    """A place in `section` that depends on where a symbol is."""

    section: int
    offset: int
    type: int
    symbol: ObjectSymbol
    addend: int


@dataclass(frozen=True, slots=True)
class ElfObject:
    """An object.

    Attributes:
        machine: ELF's number of the architecture.
        sections: by index; the first means none.
    """

    machine: int
    sections: tuple[ElfSection, ...]
    symbols: tuple[ObjectSymbol, ...]
    relocations: tuple[ObjectRelocation, ...]


def read_elf_object(data: bytes) -> ElfObject:
    """Read a relocatable object.

    Raises: FormatError where the bytes are no such object; UnimplementedError for thread-local storage,
        common symbols and relocations without addends.
    """
    header = read_elf_header(data)
    if header.bits != 64 or not header.is_little_endian or header.type != _RELOCATABLE:
        raise FormatError("not a 64-bit little-endian relocatable object", offset=0, table=_TABLE)
    try:
        sections = tuple(_sections(data))
        symbols = _symbols(sections)
        relocations = tuple(_relocations(sections, symbols))
    except FormatError:
        raise
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        raise FormatError("object is damaged", table=_TABLE) from error
    return ElfObject(header.machine, sections, symbols, relocations)


def _sections(data: bytes) -> Iterator[ElfSection]:
    fields = _HEADER.unpack_from(data, _IDENT_BYTES)
    table_offset, count = fields[2], fields[8]
    for index in range(count):
        _, type_, flags, _, offset, length, link, info, alignment, _ = _SECTION.unpack_from(
            data, table_offset + index * _SECTION.size
        )
        held = 0 if type_ in (0, SectionType.NOBITS) else length
        if offset > len(data) or held > len(data) - offset:
            raise FormatError(f"{held} bytes at {offset} pass the end", table=_TABLE, index=index)
        if flags & SectionFlags.TLS:
            raise UnimplementedError("native code uses thread-local storage")
        yield ElfSection(type_, flags, data[offset : offset + held], length, max(alignment, 1), link, info)


def _symbols(sections: tuple[ElfSection, ...]) -> tuple[ObjectSymbol, ...]:
    for table in sections:
        if table.type == SectionType.SYMTAB:
            names = sections[table.link].contents
            return tuple(
                _symbol(fields, names, len(sections)) for fields in _SYMBOL.iter_unpack(table.contents)
            )
    return ()


def _symbol(fields: tuple[int, ...], names: bytes, section_count: int) -> ObjectSymbol:
    name_offset, info, _, section, offset, _ = fields
    name = names[name_offset : names.index(b"\0", name_offset)].decode()
    type_ = info & 15
    if type_ == _TYPE_FILE:
        return ObjectSymbol(name, _UNDEFINED, 0, False)
    if type_ not in _PLAIN_TYPES or section >= _RESERVED_SECTIONS:
        raise UnimplementedError(f"symbol {name!r} has type {type_} and section {section:#x}")
    if section >= section_count:
        raise FormatError(f"symbol {name!r} is in section {section} of {section_count}", table=_TABLE)
    return ObjectSymbol(name, section, offset, info >> 4 != 0)


def _relocations(
    sections: tuple[ElfSection, ...], symbols: tuple[ObjectSymbol, ...]
) -> Iterator[ObjectRelocation]:
    for table in sections:
        if table.type == SectionType.REL:
            raise UnimplementedError("native code has relocations without addends")
        if table.type != SectionType.RELA:
            continue
        target = sections[table.info]
        for offset, type_, symbol, addend in _RELOCATION.iter_unpack(table.contents):
            if offset > target.length:
                raise FormatError(f"relocation at {offset} of {target.length} bytes", table=_TABLE)
            yield ObjectRelocation(table.info, offset, type_, symbols[symbol], addend)
