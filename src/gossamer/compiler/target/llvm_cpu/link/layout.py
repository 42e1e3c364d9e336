"""Where the parts of a shared object are in memory and in the file, and the tables that say so."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import Enum

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_DYNAMIC = struct.Struct("<QQ")
_SECTION_BYTES = 64

_IDENT = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
_SHARED_OBJECT = 3
_LOAD, _DYNAMIC_SEGMENT, _STACK, _RELRO = 1, 2, 0x6474E551, 0x6474E552
_READ, _READ_EXECUTE, _READ_WRITE = 4, 5, 6
_SEGMENT_COUNT = 6
_GLOBAL_FUNCTION = 0x12
_CODE_SECTION = 1
_START_ALIGNMENT = 64

_HASH, _STRINGS, _SYMBOLS, _RELOCATIONS, _RELOCATION_BYTES = 4, 5, 6, 7, 8
_RELOCATION_ENTRY, _STRING_BYTES, _SYMBOL_ENTRY, _FLAGS = 9, 10, 11, 30
_RELATIVE_COUNT, _FLAGS_1 = 0x6FFFFFF9, 0x6FFFFFFB
_BIND_NOW, _NOW = 8, 1


class Part(Enum):
    """Parts of a shared object, in order; values say what may be done with their memory."""

    CONSTANTS = _READ
    CODE = _READ_EXECUTE
    RELOCATED = _READ_WRITE


def align(offset: int, alignment: int) -> int:
    """The first multiple of an alignment, a power of two, that is no smaller."""
    return offset + alignment - 1 & -alignment


class Layout:
    """A shared object being laid out.

    Addresses and file offsets differ by whole pages: by the number of the part times the size of a page.
    """

    def __init__(self, machine: int, flags: int, page_bytes: int) -> None:
        self._machine = machine
        self._flags = flags
        self._page_bytes = page_bytes
        self._offset = _HEADER.size + _SEGMENT_COUNT * _SEGMENT.size
        self._part = Part.CONSTANTS
        self._bounds: dict[Part, tuple[int, int]] = {Part.CONSTANTS: (0, 0)}
        self._strings = b""
        self._pointer_count = 0
        self._tables: dict[int, int] = {}

    def reserve_tables(self, export: str, pointer_count: int) -> None:
        """Make room for what the dynamic linker reads. Before anything else is placed."""
        self._strings = b"\0" + export.encode() + b"\0"
        self._pointer_count = pointer_count
        sizes = {
            _SYMBOLS: 2 * _SYMBOL.size,
            _HASH: 6 * 4,
            _RELOCATIONS: pointer_count * _RELOCATION.size,
            _STRINGS: len(self._strings),
        }
        for table, size in sizes.items():
            self._tables[table] = self.place(Part.CONSTANTS, size, 8)

    def place(self, part: Part, size: int, alignment: int) -> int:
        """Give something its place; parts come in order. Returns: its address."""
        if part is not self._part:
            self._start(part)
        self._offset = align(self._offset, alignment)
        offset = self._offset
        self._offset += size
        return offset + self._bias(part)

    def write(
        self,
        sections: Sequence[tuple[int, bytes | bytearray]],
        entry: int,
        relative_type: int,
        pointers: Sequence[tuple[int, int]],
    ) -> bytes:
        """Bytes of the file.

        Args:
            sections: address and contents of each.
            entry: address of the exported function.
            relative_type: of the relocations that make pointers of addresses.
            pointers: (place, address): the place holds the address.
        """
        dynamic = self._dynamic_entries()
        dynamic_address = self.place(Part.RELOCATED, len(dynamic) * _DYNAMIC.size, 16)
        self._end_part()
        image = bytearray(align(self._offset, 8) + _SECTION_BYTES)
        for address, contents in sections:
            offset = self._file_offset(address)
            image[offset : offset + len(contents)] = contents
        self._put(image, dynamic_address, b"".join(_DYNAMIC.pack(*each) for each in dynamic))
        self._put(image, self._tables[_SYMBOLS] + _SYMBOL.size, self._symbol(entry))
        self._put(image, self._tables[_HASH], struct.pack("<6I", 1, 2, 1, 0, 0, 0))
        self._put(image, self._tables[_STRINGS], self._strings)
        records = (_RELOCATION.pack(place, relative_type, address) for place, address in sorted(pointers))
        self._put(image, self._tables[_RELOCATIONS], b"".join(records))
        image[: _HEADER.size] = self._header(len(image) - _SECTION_BYTES)
        segments = self._segments(dynamic_address, len(dynamic) * _DYNAMIC.size)
        for index, segment in enumerate(segments):
            _SEGMENT.pack_into(image, _HEADER.size + index * _SEGMENT.size, *segment)
        return bytes(image)

    def _bias(self, part: Part) -> int:
        return list(Part).index(part) * self._page_bytes

    def _start(self, part: Part) -> None:
        self._end_part()
        self._part = part
        self._offset = align(self._offset, _START_ALIGNMENT)
        self._bounds[part] = self._offset, self._offset

    def _end_part(self) -> None:
        self._bounds[self._part] = self._bounds[self._part][0], self._offset

    def _file_offset(self, address: int) -> int:
        for part, (start, end) in self._bounds.items():
            if start <= address - self._bias(part) <= end:
                return address - self._bias(part)
        raise AssertionError(f"nothing was placed at {address:#x}")

    def _put(self, image: bytearray, address: int, contents: bytes) -> None:
        offset = self._file_offset(address)
        image[offset : offset + len(contents)] = contents

    @staticmethod
    def _symbol(entry: int) -> bytes:
        # Why section 1, which is not described: any number but 0 says that the symbol is defined here.
        return _SYMBOL.pack(1, _GLOBAL_FUNCTION, 0, _CODE_SECTION, entry, 0)

    def _dynamic_entries(self) -> list[tuple[int, int]]:
        tables = self._tables
        relocations = [
            (_RELOCATIONS, tables[_RELOCATIONS]),
            (_RELOCATION_BYTES, self._pointer_count * _RELOCATION.size),
            (_RELOCATION_ENTRY, _RELOCATION.size),
            (_RELATIVE_COUNT, self._pointer_count),
        ]
        return [
            (_FLAGS, _BIND_NOW),
            (_FLAGS_1, _NOW),
            *(relocations if self._pointer_count else ()),
            (_SYMBOLS, tables[_SYMBOLS]),
            (_SYMBOL_ENTRY, _SYMBOL.size),
            (_STRINGS, tables[_STRINGS]),
            (_STRING_BYTES, len(self._strings)),
            (_HASH, tables[_HASH]),
            (0, 0),
        ]

    def _header(self, sections_offset: int) -> bytes:
        # Why one section header, which says nothing: IREE's loader wants there to be a table.
        return _HEADER.pack(
            *(_IDENT, _SHARED_OBJECT, self._machine, 1, 0, _HEADER.size, sections_offset, self._flags),
            *(_HEADER.size, _SEGMENT.size, _SEGMENT_COUNT, _SECTION_BYTES, 1, 0),
        )

    def _segments(self, dynamic_address: int, dynamic_bytes: int) -> list[tuple[int, ...]]:
        segments: list[tuple[int, ...]] = []
        for part, (start, end) in self._bounds.items():
            address, length = start + self._bias(part), end - start
            reserved = length
            if part is Part.RELOCATED:
                reserved = align(address + length, self._page_bytes) - address
                segments.append((_RELRO, _READ, start, address, address, length, reserved, 1))
            segments.append((_LOAD, part.value, start, address, address, length, reserved, self._page_bytes))
        segments.sort(key=lambda segment: (segment[0] != _LOAD, segment[3]))
        offset = self._file_offset(dynamic_address)
        place = (offset, dynamic_address, dynamic_address, dynamic_bytes, dynamic_bytes)
        segments.append((_DYNAMIC_SEGMENT, _READ_WRITE, *place, 8))
        segments.append((_STACK, _READ_WRITE, 0, 0, 0, 0, 0, 16))
        return segments
