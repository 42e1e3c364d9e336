"""Reads `.irpa` archives.

A file may hold several archives, each header naming the next. External entries name files beside the archive,
which IREE 3.13.0 does not read.
"""

from __future__ import annotations

import os
import struct

from gossamer.errors import FormatError, NotFoundError, VersionMismatchError
from gossamer.format.parameters.entries import (
    MAX_PATTERN_BYTES,
    FileRange,
    ParameterEntries,
    ParameterEntry,
    Splat,
)
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.irpa_layout import (
    ENTRY,
    ENTRY_ALIGNMENT,
    HEADER,
    HEADER_ALIGNMENT,
    MAGIC,
    PREFIX,
    RANGE,
    SPLAT,
    EntryType,
    align,
)
from gossamer.versions import IRPA_VERSION

_TABLE = "irpa"
_NAMES_PER_BYTE = 4
"""Why: names and metadata may overlap, so a small file can hold the text of many; this much is read."""


def read_irpa(
    handle: FileHandle, index: ParameterEntries, *, path: str | os.PathLike[str] | None = None
) -> None:
    """Add the parameters of an archive file to an index.

    Args:
        handle: the file; entries refer to it.
        path: where the file is, to find external files; without one external entries are refused.
    Raises: FormatError where a record is out of bounds or of an unknown kind; VersionMismatchError.
    """
    reader = _Reader(handle, None if path is None else os.path.dirname(os.fspath(path)))
    offset: int | None = 0
    while offset is not None:
        offset = reader.read_archive(offset)
    # Why last: an index must not keep half of a bad file.
    for entry in reader.entries:
        index.add(entry)


class _Reader:
    """One file being read."""

    def __init__(self, handle: FileHandle, folder: str | None) -> None:
        self.handle = handle
        self.data = handle.contents
        self.entries: list[ParameterEntry] = []
        self._folder = folder
        self._external: dict[str, FileHandle] = {}
        self._entries_left = len(self.data) // ENTRY.size
        self._names_left = len(self.data) * _NAMES_PER_BYTE

    def read_archive(self, base: int) -> int | None:
        """Read the archive whose header is at `base`; returns where the next one is."""
        self._require(PREFIX, base, len(self.data), "header")
        magic, major, minor, header_size, next_header, _ = PREFIX.unpack_from(self.data, base)
        if magic != MAGIC:
            raise _error(f"magic is {magic!r}, expected {MAGIC!r}", base)
        if (major, minor) != IRPA_VERSION:
            found, supported = f"{major}.{minor}", "{}.{}".format(*IRPA_VERSION)
            raise VersionMismatchError(
                f"IRPA version {found} is not supported, expected {supported}",
                found=found,
                supported=supported,
                offset=base + 4,
                table=_TABLE,
            )
        if header_size != HEADER.size:
            raise _error(f"header has {header_size} bytes, expected {HEADER.size}", base + 8)
        fields = self._unpack(HEADER, base, len(self.data), "header")
        count, entries, metadata, storage = fields[6], fields[7:9], fields[9:11], fields[11:13]
        segments = [
            self._segment(base, entries, "entry table", 40),
            self._segment(base, metadata, "metadata segment", 56),
            self._segment(base, storage, "storage segment", 72),
        ]
        self._read_entries(base, count, *segments)
        if next_header == 0:
            return None
        if next_header % HEADER_ALIGNMENT:
            raise _error(f"next header at {next_header} is not aligned to {HEADER_ALIGNMENT}", base + 16)
        return base + next_header

    def _segment(self, base: int, fields: tuple[int, ...], name: str, position: int) -> tuple[int, int]:
        """Start and end of a segment in the file; empty ones may be anywhere."""
        offset, length = fields
        if length == 0:
            return 0, 0
        start, end = base + offset, base + offset + length
        if end > len(self.data):
            raise _error(
                f"{name} [{start}, {end}) passes the file of {len(self.data)} bytes", base + position
            )
        return start, end

    def _read_entries(
        self,
        base: int,
        count: int,
        table: tuple[int, int],
        metadata: tuple[int, int],
        storage: tuple[int, int],
    ) -> None:
        position, end = table
        if count * ENTRY.size > end - position or count > self._entries_left:
            raise _error(f"{count} entries do not fit in an entry table of {end - position} bytes", base + 32)
        self._entries_left -= count
        for number in range(count):
            fields = self._unpack(ENTRY, position, end, "entry", number)
            size, kind = fields[0], fields[1]
            if not ENTRY.size <= size <= end - position:
                raise _error(f"entry has {size} bytes, {end - position} are left", position, number)
            record_end = position + size
            key = str(
                self._metadata(metadata, fields[3:5], position + 20, number), "utf-8", "surrogateescape"
            )
            blob = self._metadata(metadata, fields[5:7], position + 36, number)
            body = position + ENTRY.size
            match kind:
                case EntryType.SKIP:
                    pass
                case EntryType.SPLAT:
                    self._add_splat(body, record_end, number, key, blob)
                case EntryType.DATA:
                    self._add_data(body, record_end, number, key, blob, storage)
                case EntryType.EXTERNAL:
                    self._add_external(body, record_end, number, key, blob, metadata)
                case _:
                    raise _error(f"entry type {kind} is not supported, expected 0 to 3", position + 8, number)
            position += align(size, ENTRY_ALIGNMENT)

    def _metadata(
        self, segment: tuple[int, int], fields: tuple[int, ...], position: int, number: int
    ) -> bytes:
        """Bytes of the metadata segment."""
        offset, length = fields
        if length == 0:
            return b""
        start, end = segment
        if offset + length > end - start:
            raise _error(
                f"[{offset}, {offset + length}) passes the metadata segment of {end - start} bytes",
                position,
                number,
            )
        self._names_left -= length
        if self._names_left < 0:
            raise _error("names and metadata overlap more often than a file can need", position, number)
        return bytes(self.data[start + offset : start + offset + length])

    def _add_splat(self, position: int, end: int, number: int, key: str, metadata: bytes) -> None:
        self._require(SPLAT, position, end, "splat entry", number)
        length, pattern, pattern_length = SPLAT.unpack_from(self.data, position)
        if not 1 <= pattern_length <= MAX_PATTERN_BYTES:
            where = position + SPLAT.size - 1
            raise _error(f"pattern has {pattern_length} bytes, expected 1 to 16", where, number)
        self.entries.append(ParameterEntry(key, length, Splat(pattern[:pattern_length]), metadata))

    def _add_data(
        self, position: int, end: int, number: int, key: str, metadata: bytes, storage: tuple[int, int]
    ) -> None:
        offset, length = self._unpack(RANGE, position, end, "data entry", number)
        start, storage_end = storage
        if offset + length > storage_end - start and length:
            raise _error(
                f"[{offset}, {offset + length}) passes the storage segment of {storage_end - start} bytes",
                position,
                number,
            )
        place = FileRange(self.handle, start + offset if length else 0)
        self.entries.append(ParameterEntry(key, length, place, metadata))

    def _add_external(
        self, position: int, end: int, number: int, key: str, blob: bytes, metadata: tuple[int, int]
    ) -> None:
        path_fields = self._unpack(RANGE, position, end, "external entry", number)
        path = str(self._metadata(metadata, path_fields, position, number), "utf-8", "surrogateescape")
        place = position + RANGE.size
        offset, length = self._unpack(RANGE, place, end, "external entry", number)
        handle = self._open_external(path, position, number)
        if offset + length > len(handle.contents):
            raise _error(
                f"[{offset}, {offset + length}) passes '{path}' of {len(handle.contents)} bytes",
                place,
                number,
            )
        self.entries.append(ParameterEntry(key, length, FileRange(handle, offset), blob))

    def _open_external(self, path: str, position: int, number: int) -> FileHandle:
        """Map a file beside the archive, once.

        Why only there: an archive from elsewhere must not reach files its user did not mean to load.
        """
        if self._folder is None:
            raise _error(f"external file '{path}' of an archive that has no path", position, number)
        handle = self._external.get(path)
        if handle is not None:
            return handle
        folder = os.path.realpath(self._folder)
        place = os.path.realpath(os.path.join(folder, path)) if "\0" not in path else ""
        if os.path.commonpath((folder, place or os.sep)) != folder or not os.path.isfile(place):
            raise _error(f"external file '{path}' is no file below the archive's folder", position, number)
        try:
            handle = self._external[path] = FileHandle.open(place)
        except NotFoundError as error:
            raise _error(f"external file: {error.message}", position, number) from error
        return handle

    def _unpack(
        self, layout: struct.Struct, position: int, end: int, what: str, number: int | None = None
    ) -> tuple[int, ...]:
        self._require(layout, position, end, what, number)
        return layout.unpack_from(self.data, position)

    def _require(
        self, layout: struct.Struct, position: int, end: int, what: str, number: int | None = None
    ) -> None:
        if layout.size > end - position:
            message = f"{what} of {layout.size} bytes is cut off after {max(end - position, 0)}"
            raise _error(message, position, number)


def _error(message: str, position: int, number: int | None = None) -> FormatError:
    return FormatError(message, offset=position, table=_TABLE, index=number)
