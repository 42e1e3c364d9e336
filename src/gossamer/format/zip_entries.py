"""Finds the entries of a zip file that stores them uncompressed, as modules do; nothing is copied.

Every offset and length is checked against the file. Checksums are not: what an entry holds has its own
reader, which trusts it no more than this one does.
Spec: PKWARE APPNOTE 6.3.10, 4.3.
"""

from __future__ import annotations

import struct

from gossamer.errors import FormatError

_LOCAL_SIGNATURE = b"PK\3\4"
_DIRECTORY_SIGNATURE = b"PK\1\2"
_END_SIGNATURE = b"PK\5\6"
_END_64_SIGNATURE = b"PK\6\6"
_LOCATOR_64_SIGNATURE = b"PK\6\7"

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_DIRECTORY = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END_64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR_64 = struct.Struct("<4sIQI")

_ZIP64_ID = 1
_IN_ZIP64 = 0xFFFF_FFFF


def read_entries(data: memoryview) -> dict[str, memoryview]:
    """Payloads of a zip file's entries, by name in directory order; empty where it is not a zip.

    Args:
        data: the whole file, without a comment at its end; borrowed by the result.
    Raises: FormatError where a record is malformed or out of bounds, or an entry is compressed.
    """
    if bytes(data[:4]) != _LOCAL_SIGNATURE:
        return {}
    position, end, count = _find_directory(data)
    entries: dict[str, memoryview] = {}
    for index in range(count):
        fields = _unpack(_DIRECTORY, data, position, end, _DIRECTORY_SIGNATURE, index)
        name_start = position + _DIRECTORY.size
        extra_start = name_start + fields[10]
        next_position = extra_start + fields[11] + fields[12]
        if next_position > end:
            raise _error("directory entry passes the end of the directory", position, index)
        if fields[4] != 0:
            raise _error(f"entry is compressed with method {fields[4]}", position, index)
        extra = data[extra_start : extra_start + fields[11]]
        size, header = _size_and_offset(fields[9], fields[16], extra, extra_start, index)
        name = str(data[name_start:extra_start], "utf-8", "surrogateescape")
        entries[name] = _payload(data, header, size, index)
        position = next_position
    return entries


def _error(message: str, position: int, index: int | None = None) -> FormatError:
    return FormatError(message, offset=position, table="zip", index=index)


def _unpack(
    layout: struct.Struct, data: memoryview, position: int, end: int, signature: bytes, index: int | None
) -> tuple[int, ...]:
    if position < 0 or position + layout.size > end or bytes(data[position : position + 4]) != signature:
        raise _error(f"record {signature!r} is not where it should be", max(position, 0), index)
    return layout.unpack_from(data, position)


def _find_directory(data: memoryview) -> tuple[int, int, int]:
    """Start and end of the directory, and how many entries it has."""
    position = len(data) - _END.size
    end_record = _unpack(_END, data, position, len(data), _END_SIGNATURE, None)
    count, size, start = end_record[4:7]
    locator = position - _LOCATOR_64.size
    if locator >= 0 and bytes(data[locator : locator + 4]) == _LOCATOR_64_SIGNATURE:
        position = _LOCATOR_64.unpack_from(data, locator)[2]
        end_record = _unpack(_END_64, data, position, locator, _END_64_SIGNATURE, None)
        count, size, start = end_record[7:10]
    if start > position or size > position - start or count * _DIRECTORY.size > size:
        raise _error(f"directory of {count} entries in {size} bytes at {start} is out of bounds", position)
    return start, start + size, count


def _size_and_offset(size: int, offset: int, extra: memoryview, position: int, index: int) -> tuple[int, int]:
    """Sizes that do not fit 32 bits are in an extra field: both sizes, then the offset, where needed."""
    start = 0
    while start + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, start)
        body = extra[start + 4 : start + 4 + length]
        if kind == _ZIP64_ID and len(body) >= 24 and size == offset == _IN_ZIP64:
            return struct.unpack_from("<Q", body, 0)[0], struct.unpack_from("<Q", body, 16)[0]
        start += 4 + length
    if _IN_ZIP64 in (size, offset):
        raise _error("entry has no 64-bit size and offset", position, index)
    return size, offset


def _payload(data: memoryview, header: int, size: int, index: int) -> memoryview:
    fields = _unpack(_LOCAL, data, header, len(data), _LOCAL_SIGNATURE, index)
    start = header + _LOCAL.size + fields[9] + fields[10]
    if start > len(data) or size > len(data) - start:
        raise _error(f"payload of {size} bytes at {start} passes the end", header, index)
    return data[start : start + size]
