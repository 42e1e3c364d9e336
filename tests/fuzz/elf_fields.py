"""Where the tables of an ELF library are: header, program headers, dynamic section, symbols, relocations."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gossamer.format.elf import read_elf_segments

ELF_MAGIC = b"\x7fELF"

_HEADER = ((16, 2), (18, 2), (20, 4), (24, 8), (32, 8), (40, 8), (48, 4), (52, 2), (54, 2), (56, 2), (58, 2))
_SEGMENT = ((0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8))
_HASH, _STRINGS, _SYMBOLS, _STRINGS_SIZE = 4, 5, 6, 10
_RELOCATIONS = ((7, 8), (23, 2))
"""Tags of a table of relocations and of its length in bytes."""


def elf_fields(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Kind, offset and size of each field of a good library."""
    yield from (("ELF identification", at, 1) for at in range(16))
    yield from (("ELF header", at, size) for at, size in _HEADER)
    table, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for start in range(table, table + 56 * count, 56):
        yield from (("ELF segment", start + at, size) for at, size in _SEGMENT)
    segments = read_elf_segments(data)
    assert segments.dynamic is not None
    start = segments.file_offset(*segments.dynamic, "dynamic")
    entries: dict[int, int] = {}
    for position in range(start, start + segments.dynamic[1], 16):
        tag, value = struct.unpack_from("<QQ", data, position)
        entries.setdefault(tag, value)
        yield "ELF dynamic", position, 8
        yield "ELF dynamic", position + 8, 8
        if not tag:
            break

    def place(tag: int) -> int:
        return segments.file_offset(entries[tag], 1, "table")

    if _HASH in entries:
        symbol_count = struct.unpack_from("<I", data, place(_HASH) + 4)[0]
        yield from (("ELF hash", place(_HASH) + at, 4) for at in range(0, 8 + 4 * symbol_count, 4))
        for position in range(place(_SYMBOLS), place(_SYMBOLS) + 24 * symbol_count, 24):
            fields = ((0, 4), (4, 1), (6, 2), (8, 8), (16, 8))
            yield from (("ELF symbol", position + at, size) for at, size in fields)
    yield from (("ELF strings", place(_STRINGS) + at, 1) for at in range(entries.get(_STRINGS_SIZE, 0)))
    for table_tag, size_tag in _RELOCATIONS:
        for at in range(0, entries.get(size_tag, 0), 24):
            yield from (("ELF relocation", place(table_tag) + at + part, 8) for part in (0, 8))
            yield "ELF addend", place(table_tag) + at + 16, 8


def elf_tables(data: bytes) -> Iterator[tuple[str, int, int]]:
    """The words of the library's own tables, like `elf_fields`."""
    positions = np.flatnonzero(library_bytes(data)[: len(data) // 4 * 4].reshape(-1, 4).all(axis=1)) * 4
    yield from (("ELF library", int(position), 4) for position in positions)


def library_bytes(data: bytes) -> npt.NDArray[np.bool_]:
    """Which bytes of a good library are its tables and nothing that says where code is or goes.

    The tables are in memory that becomes read-only once relocated; their pointers are addends of relocations.
    """
    found = np.zeros(len(data), bool)
    segments = read_elf_segments(data)
    if segments.relro is None or segments.dynamic is None:
        return found
    address, length = segments.relro
    for segment in segments.loads:
        start, end = (
            max(address, segment.address),
            min(address + length, segment.address + segment.file_length),
        )
        if start < end:
            offset = segment.offset - segment.address
            found[start + offset : end + offset] = True
    dynamic = segments.file_offset(*segments.dynamic, "dynamic")
    found[dynamic : dynamic + segments.dynamic[1]] = False
    for kind, position, size in elf_fields(data):
        if kind == "ELF addend":
            found[position : position + size] = True
    return found
