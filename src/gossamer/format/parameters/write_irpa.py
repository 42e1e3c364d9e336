"""Writes `.irpa` archives, byte for byte as IREE 3.13.0 does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from gossamer.errors import InvalidArgumentError
from gossamer.format.module_def import Bytes
from gossamer.format.parameters.entries import FileRange, ParameterEntry, Splat, repeat_pattern
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.parameters.irpa_layout import (
    DATA_ALIGNMENT,
    ENTRY,
    ENTRY_ALIGNMENT,
    FILE_ALIGNMENT,
    HEADER,
    HEADER_ALIGNMENT,
    MAGIC,
    RANGE,
    SPLAT,
    EntryType,
    align,
)
from gossamer.format.whole_file import whole_file
from gossamer.versions import IRPA_VERSION

_PATTERN_LENGTHS = (1, 2, 4, 8, 16)
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredPattern(Splat):
    """A pattern that archives hold written out, so that programs can store to the parameter."""


@dataclass(frozen=True, slots=True)
class ArchiveLayout:
    """Where everything of an archive goes.

    Attributes:
        head: header, entry table and metadata segment.
        storage_offset: of the storage segment, from the header's start.
        data_offsets: of each entry's bytes in the storage segment, 0 for splats.
        total_size: of the archive, padding at its end included.
    """

    head: bytes
    storage_offset: int
    data_offsets: tuple[int, ...]
    total_size: int


def lay_out_archive(entries: Sequence[ParameterEntry], *, alignment: int = DATA_ALIGNMENT) -> ArchiveLayout:
    """Place entries in an archive, in order.

    Args:
        alignment: of every data entry in the storage segment, bytes.
    Raises: InvalidArgumentError on an alignment below 1 or a pattern no archive can hold.
    """
    if alignment < 1:
        raise InvalidArgumentError(f"alignment {alignment} is not positive")
    table = bytearray()
    names = bytearray()
    data_offsets: list[int] = []
    storage_length = 0
    for entry in entries:
        table.extend(bytes(-len(table) % ENTRY_ALIGNMENT))
        key = entry.key.encode("utf-8", "surrogateescape")
        name_fields = (len(names), len(key))
        metadata_fields = (len(names) + len(key) if entry.metadata else 0, len(entry.metadata))
        names += key + entry.metadata
        references = (*name_fields, *metadata_fields)
        offset = 0
        if not _has_data(entry):
            table += _splat_record(entry, references)
        else:
            offset = align(storage_length, alignment)
            storage_length = offset + entry.length
            header = (ENTRY.size + RANGE.size, EntryType.DATA, 0, *references, DATA_ALIGNMENT)
            table += ENTRY.pack(*header) + RANGE.pack(offset, entry.length)
        data_offsets.append(offset)
    table_offset = align(HEADER.size, ENTRY_ALIGNMENT)
    metadata_offset = table_offset + len(table)
    has_data = any(map(_has_data, entries))
    storage_offset = align(metadata_offset + len(names), alignment if has_data else 1)
    header = HEADER.pack(
        *(MAGIC, *IRPA_VERSION, HEADER.size, 0, 0, len(entries)),
        *(table_offset, len(table), metadata_offset, len(names), storage_offset, storage_length),
    )
    head = header + bytes(table_offset - len(header)) + table + names
    total_size = align(storage_offset + storage_length, FILE_ALIGNMENT)
    return ArchiveLayout(head, storage_offset, tuple(data_offsets), total_size)


def _has_data(entry: ParameterEntry) -> bool:
    return isinstance(entry.storage, (FileRange, StoredPattern))


def _splat_record(entry: ParameterEntry, references: tuple[int, ...]) -> bytes:
    assert isinstance(entry.storage, Splat)
    pattern = entry.storage.pattern
    if len(pattern) not in _PATTERN_LENGTHS:
        raise InvalidArgumentError(
            f"splat pattern of '{entry.key}' has {len(pattern)} bytes; archives hold 1, 2, 4, 8 or 16"
        )
    header = (ENTRY.size + SPLAT.size, EntryType.SPLAT, 0, *references, 0)
    return ENTRY.pack(*header) + SPLAT.pack(entry.length, pattern, len(pattern))


def write_irpa(
    entries: Iterable[ParameterEntry],
    path: str | os.PathLike[str],
    *,
    file_offset: int = 0,
    alignment: int = DATA_ALIGNMENT,
) -> ParameterIndex:
    """Write parameters to a new archive file; returns an index of what is in it.

    The file appears under its name once it is complete, so entries may come from the file it replaces.

    Args:
        file_offset: where the header goes, raised to a multiple of 16; zeros are before it.
        alignment: of every data entry in the storage segment, bytes.
    Raises: InvalidArgumentError as `lay_out_archive` does, and for a path that is no regular file; OSError.
    """
    entries = list(entries)
    base = align(file_offset, HEADER_ALIGNMENT)
    layout = lay_out_archive(entries, alignment=alignment)
    name = os.path.realpath(path)
    if os.path.exists(name) and not os.path.isfile(name):
        raise InvalidArgumentError(f"'{os.fspath(path)}' is no regular file")
    with whole_file(name) as file:
        _write_contents(file, base, layout, entries)
    return _index_of(entries, layout, base, FileHandle.open(name))


def _write_contents(
    file: BinaryIO, base: int, layout: ArchiveLayout, entries: Sequence[ParameterEntry]
) -> None:
    file.seek(base)
    file.write(layout.head)
    for entry, offset in zip(entries, layout.data_offsets, strict=True):
        if _has_data(entry):
            file.seek(base + layout.storage_offset + offset)
            file.writelines(_chunks(entry))
    file.truncate(base + layout.total_size)


def _chunks(entry: ParameterEntry) -> Iterator[Bytes]:
    if isinstance(entry.storage, FileRange):
        yield entry.contents()
    elif any(entry.storage.pattern):
        # What is not written is zero, and takes no room on disk.
        length = _CHUNK_BYTES - _CHUNK_BYTES % len(entry.storage.pattern)
        chunk = repeat_pattern(entry.storage.pattern, 0, min(length, entry.length))
        for start in range(0, entry.length, length):
            yield memoryview(chunk)[: entry.length - start]


def _index_of(
    entries: Sequence[ParameterEntry], layout: ArchiveLayout, base: int, handle: FileHandle
) -> ParameterIndex:
    index = ParameterIndex()
    for entry, offset in zip(entries, layout.data_offsets, strict=True):
        storage = entry.storage
        if _has_data(entry):
            storage = FileRange(handle, base + layout.storage_offset + offset)
        index.add(ParameterEntry(entry.key, entry.length, storage, entry.metadata))
    return index
