"""Writes zip files whose entries are stored, not compressed, with payloads on chosen alignments.

Always the 64-bit form (zip64), so that sizes need no second thought. A header is made longer by an extra
field of zeros until its payload is aligned.
Spec: PKWARE APPNOTE 6.3.10; which fields are used how: `iree-compile` 3.13.0's files.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from gossamer.format.module_def import Bytes
from gossamer.versions import ZIP_VERSION

_LOCAL_HEADER = struct.Struct("<IHHHHHIIIHH")
_DIRECTORY_ENTRY = struct.Struct("<IHHHHHHIIIHHHHHII")
_DIRECTORY_END_64 = struct.Struct("<IQHHIIQQQQ")
_DIRECTORY_LOCATOR_64 = struct.Struct("<IIQI")
_DIRECTORY_END = struct.Struct("<IHHHHIIH")
_PADDING_EXTRA = struct.Struct("<HH")
_SIZES_EXTRA = struct.Struct("<HHQQ")
_SIZES_AND_OFFSET_EXTRA = struct.Struct("<HHQQQ")

_MADE_BY = 0x031E
_FIRST_OF_JANUARY_1980 = 0x0021
_PADDING_ID = 0xFECA
_ZIP64_ID = 1
_IN_ZIP64 = 0xFFFF_FFFF
_MAX_PADDING = 0xFFFF


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """An entry that was written.

    Attributes:
        header_offset: of its local header in the file.
        size: of its payload, bytes.
    """

    name: bytes
    crc32: int
    size: int
    header_offset: int


def minimum_header_size(name: str) -> int:
    """Bytes of a local header with no padding."""
    return _LOCAL_HEADER.size + len(name.encode()) + _PADDING_EXTRA.size + _SIZES_EXTRA.size


def local_header(name: str, payload: Bytes, header_offset: int, header_size: int) -> tuple[bytes, ZipEntry]:
    """Make the header that goes right before a payload.

    Args:
        header_offset: where in the file the header will be.
        header_size: how long it shall be; at least `minimum_header_size(name)`.
    Raises: ValueError where a header cannot have that size.
    """
    padding = header_size - minimum_header_size(name)
    if not 0 <= padding <= _MAX_PADDING:
        raise ValueError(f"a zip header for {name!r} cannot have {header_size} bytes")
    entry = ZipEntry(name.encode(), zlib.crc32(payload), len(payload), header_offset)
    header = _LOCAL_HEADER.pack(
        0x04034B50,
        ZIP_VERSION,
        0,
        0,
        0,
        _FIRST_OF_JANUARY_1980,
        entry.crc32,
        _IN_ZIP64,
        _IN_ZIP64,
        len(entry.name),
        header_size - _LOCAL_HEADER.size - len(entry.name),
    )
    extra = _PADDING_EXTRA.pack(_PADDING_ID, padding) + bytes(padding)
    extra += _SIZES_EXTRA.pack(_ZIP64_ID, 16, entry.size, entry.size)
    return header + entry.name + extra, entry


def central_directory(entries: Sequence[ZipEntry], offset: int) -> bytes:
    """Make what ends a zip file: the list of its entries, at `offset` of the file."""
    directory = b"".join(_directory_entry(entry) for entry in entries)
    end = offset + len(directory)
    count = len(entries)
    return b"".join(
        [
            directory,
            _DIRECTORY_END_64.pack(
                0x06064B50, 44, ZIP_VERSION, ZIP_VERSION, 0, 0, count, count, len(directory), offset
            ),
            _DIRECTORY_LOCATOR_64.pack(0x07064B50, 0, end, 1),
            _DIRECTORY_END.pack(
                0x06054B50,
                0,
                0,
                min(count, 0xFFFF),
                min(count, 0xFFFF),
                min(len(directory), _IN_ZIP64),
                _IN_ZIP64,
                0,
            ),
        ]
    )


def _directory_entry(entry: ZipEntry) -> bytes:
    extra = _SIZES_AND_OFFSET_EXTRA.pack(_ZIP64_ID, 24, entry.size, entry.size, entry.header_offset)
    fixed = _DIRECTORY_ENTRY.pack(
        0x02014B50,
        _MADE_BY,
        ZIP_VERSION,
        0,
        0,
        0,
        _FIRST_OF_JANUARY_1980,
        entry.crc32,
        _IN_ZIP64,
        _IN_ZIP64,
        len(entry.name),
        len(extra),
        0,
        0,
        0,
        0,
        _IN_ZIP64,
    )
    return fixed + entry.name + extra
