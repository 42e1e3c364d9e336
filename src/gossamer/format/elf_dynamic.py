"""Dynamic section of ELF files: symbols and relocations.

In: bytes of a file and its segments. Out: `ElfImage`. Tables are found by address and read from the file.
Spec: System V ABI, "Dynamic Linking"; the number of symbols is taken from `DT_HASH`, as IREE's loader does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from gossamer.errors import FormatError, UnimplementedError
from gossamer.format.elf import (
    ElfImage,
    ElfRelocation,
    ElfSegments,
    SegmentFlags,
    read_elf_segments,
)
from gossamer.format.module_def import Bytes

_ENTRY = struct.Struct("<QQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QIIq")
_PLACE_BYTES = 8
"""Widest place that a relocation writes."""

_DYNAMIC_TABLE = "ELF dynamic section"
_RELRO_TABLE = "ELF program header"
_SYMBOL_TABLE = "ELF symbol"
_RELOCATION_TABLE = "ELF relocation"
_UNDEFINED = 0
_ABSOLUTE = 0xFFF1
_RESERVED_SECTIONS = 0xFF00
_TYPE_TLS = 6
_TYPE_INDIRECT = 10
_GLOBAL_BINDINGS = (1, 2)


class _Tag(IntEnum):
    """Entries of the dynamic section that matter here."""

    NULL = 0
    PLTRELSZ = 2
    HASH = 4
    STRTAB = 5
    SYMTAB = 6
    RELA = 7
    RELASZ = 8
    RELAENT = 9
    STRSZ = 10
    SYMENT = 11
    INIT = 12
    REL = 17
    PLTREL = 20
    JMPREL = 23
    INIT_ARRAY = 25
    INIT_ARRAYSZ = 27
    RELR = 36


class _Symbol(NamedTuple):
    name: str
    address: int
    is_defined: bool
    is_absolute: bool
    is_global: bool


def read_elf(data: Bytes) -> ElfImage:
    """Read a shared object for loading.

    Args:
        data: the whole file; nothing keeps it afterwards.
    Returns: segments, symbols and relocations, all of them in bounds.
    Raises: FormatError with an offset or address where the bytes are wrong; UnimplementedError where they ask
        for what kernels do not need: thread-local storage, constructors, other kinds of relocations.
    """
    reader = _DynamicReader(data, read_elf_segments(data))
    symbols = reader.symbols()
    return ElfImage(
        reader.segments.header,
        reader.segments.loads,
        reader.segments.relro,
        {symbol.name: symbol.address for symbol in symbols if symbol.is_defined and symbol.is_global},
        tuple(symbol.name for symbol in symbols[1:] if not symbol.is_defined),
        tuple(reader.relocations(symbols)),
    )


class _DynamicReader:
    """Reads tables through the dynamic section."""

    def __init__(self, data: Bytes, segments: ElfSegments) -> None:
        self._data = data
        self.segments = segments
        self._entries = self._read_entries()
        self._refuse_unsupported()
        self._check_relro()

    def _check_relro(self) -> None:
        if self.segments.relro is None or not self.segments.relro[1]:
            return
        self.segments.require(*self.segments.relro, _RELRO_TABLE)
        address, _ = self.segments.relro
        (segment,) = [load for load in self.segments.loads if load.address <= address < load.end]
        if not segment.flags & SegmentFlags.WRITE:
            raise FormatError(
                f"memory at {address:#x}, to be made read-only, is not writable before", table=_RELRO_TABLE
            )

    def _read_entries(self) -> dict[int, int]:
        if self.segments.dynamic is None:
            raise FormatError("there is no dynamic section", offset=32, table="ELF header")
        address, length = self.segments.dynamic
        start = self.segments.file_offset(address, length, _DYNAMIC_TABLE)
        entries: dict[int, int] = {}
        for position in range(start, start + length - _ENTRY.size + 1, _ENTRY.size):
            tag, value = _ENTRY.unpack_from(self._data, position)
            if tag == _Tag.NULL:
                break
            entries[tag] = value
        return entries

    def _refuse_unsupported(self) -> None:
        entries = self._entries
        if _Tag.REL in entries or _Tag.RELR in entries:
            raise UnimplementedError("executable has relocations without addends; only RELA is supported")
        if entries.get(_Tag.JMPREL) and entries.get(_Tag.PLTREL, _Tag.RELA) != _Tag.RELA:
            raise UnimplementedError(
                "executable has relocations of its procedure table without addends; only RELA is supported"
            )
        if entries.get(_Tag.INIT) or (entries.get(_Tag.INIT_ARRAY) and entries.get(_Tag.INIT_ARRAYSZ, 1)):
            raise UnimplementedError("executable has constructors, which are not run; link it without them")
        for tag, layout in ((_Tag.SYMENT, _SYMBOL), (_Tag.RELAENT, _RELOCATION)):
            if entries.get(tag, layout.size) != layout.size:
                raise FormatError(
                    f"{tag.name} is {entries[tag]}, expected {layout.size}", table=_DYNAMIC_TABLE
                )

    def _require(self, tag: _Tag) -> int:
        value = self._entries.get(tag)
        if value is None:
            raise FormatError(f"{tag.name} is missing", table=_DYNAMIC_TABLE)
        return value

    def symbols(self) -> list[_Symbol]:
        """Every symbol; the first means none."""
        hash_offset = self.segments.file_offset(self._require(_Tag.HASH), 8, "ELF hash table")
        _, count = struct.unpack_from("<II", self._data, hash_offset)
        start = self.segments.file_offset(self._require(_Tag.SYMTAB), count * _SYMBOL.size, _SYMBOL_TABLE)
        strings_length = self._require(_Tag.STRSZ)
        strings_start = self.segments.file_offset(
            self._require(_Tag.STRTAB), strings_length, "ELF string table"
        )
        # Copied once: names are short and looked for one by one.
        strings = bytes(self._data[strings_start : strings_start + strings_length])
        return [self._symbol(start + index * _SYMBOL.size, index, strings) for index in range(count)]

    def _symbol(self, position: int, index: int, strings: bytes) -> _Symbol:
        name_offset, info, _, section, address, _ = _SYMBOL.unpack_from(self._data, position)
        end = strings.find(b"\0", name_offset)
        if end < 0:
            raise FormatError(
                f"name at {name_offset} passes the string table of {len(strings)} bytes",
                offset=position, table=_SYMBOL_TABLE, index=index,
            )  # fmt: skip
        name = strings[name_offset:end].decode("utf-8", "backslashreplace")
        if section == _UNDEFINED:
            return _Symbol(name, 0, False, False, False)
        if section > _RESERVED_SECTIONS and section != _ABSOLUTE:
            raise FormatError(
                f"'{name}' is in reserved section {section:#x}",
                offset=position, table=_SYMBOL_TABLE, index=index,
            )  # fmt: skip
        if info & 15 in (_TYPE_TLS, _TYPE_INDIRECT):
            raise UnimplementedError(f"symbol '{name}' is of type {info & 15}, which kernels cannot have")
        is_absolute = section == _ABSOLUTE
        if not is_absolute:
            self.segments.require(address, 0, _SYMBOL_TABLE, position)
        return _Symbol(name, address, True, is_absolute, info >> 4 in _GLOBAL_BINDINGS and not is_absolute)

    def relocations(self, symbols: list[_Symbol]) -> Iterator[ElfRelocation]:
        """Every relocation, those of the procedure table last."""
        for table_tag, size_tag in ((_Tag.RELA, _Tag.RELASZ), (_Tag.JMPREL, _Tag.PLTRELSZ)):
            if not self._entries.get(table_tag):
                continue
            length = self._require(size_tag)
            if length % _RELOCATION.size:
                raise FormatError(
                    f"{size_tag.name} is {length}, no multiple of {_RELOCATION.size}", table=_DYNAMIC_TABLE
                )
            start = self.segments.file_offset(self._entries[table_tag], length, _RELOCATION_TABLE)
            yield from self._relocation_table(start, length, symbols)

    def _relocation_table(self, start: int, length: int, symbols: list[_Symbol]) -> Iterator[ElfRelocation]:
        # Segment of the place before: most places are in the same one.
        first = end = 0
        rows: Iterator[tuple[int, int, int, int]]
        rows = _RELOCATION.iter_unpack(memoryview(self._data)[start : start + length])
        for index, (address, kind, symbol_index, addend) in enumerate(rows):
            position = start + index * _RELOCATION.size
            if not first <= address <= end - _PLACE_BYTES:
                size = _PLACE_BYTES if kind else 0
                first, end = self.segments.require(address, size, _RELOCATION_TABLE, position)
            if not symbol_index:
                yield ElfRelocation(address, kind, 0, addend, True)
            elif symbol_index < len(symbols):
                symbol = symbols[symbol_index]
                yield ElfRelocation(address, kind, symbol.address, addend, symbol.is_absolute)
            else:
                raise FormatError(
                    f"symbol {symbol_index} of {len(symbols)}",
                    offset=position, table=_RELOCATION_TABLE, index=index,
                )  # fmt: skip
