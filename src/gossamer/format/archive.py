"""The `.vmfb` container: a FlatBuffer with its size before it, alone or as first entry of a zip.

Bytes outside the FlatBuffer (external rodata) follow it, at offsets from the next multiple of 64. A zip
is a second view of the same bytes, for people and their tools: loading looks at its first header only.
"""

from __future__ import annotations

import struct

from gossamer.errors import FormatError
from gossamer.format.flatbuffer import FlatBuffer
from gossamer.format.module_def import Bytes, ModuleDef
from gossamer.format.read_bytecode_module import read_bytecode_module

SEGMENT_ALIGNMENT = 64
"""External rodata is at multiples of this, counted from the start of the file."""

_LOCAL_HEADER = struct.Struct("<IHHHHHIIIHH")
_LOCAL_HEADER_SIGNATURE = 0x04034B50
_MINIMUM_SIZE = 16


def read_module(data: Bytes) -> ModuleDef:
    """Read a module from the bytes of a `.vmfb` file.

    Args:
        data: the whole file (bytes, or a memoryview of anything, such as an mmap). Bytecode and rodata of
            the result are views of it.
    Raises: VersionMismatchError for another bytecode version; FormatError for anything else that is wrong.
    """
    view = memoryview(data).cast("B").toreadonly()
    flatbuffer, rodata_offset = locate_flatbuffer(view)
    # Why: a file without external rodata may end before the next multiple of 64.
    external = view[min(rodata_offset, len(view)) :]
    buffer = FlatBuffer(view[flatbuffer.start : flatbuffer.stop], file_offset=flatbuffer.start)
    return read_bytecode_module(buffer, external, rodata_offset)


def locate_flatbuffer(data: memoryview) -> tuple[slice, int]:
    """Find the FlatBuffer in a file.

    Returns: its bytes in the file, without the size prefix, and where external rodata starts.
    Raises: FormatError where the file is too short for what its headers say.
    """
    start = _skip_zip_header(data)
    if len(data) - start < _MINIMUM_SIZE:
        raise FormatError(
            f"FlatBuffer data is not present or less than {_MINIMUM_SIZE} bytes ({len(data) - start} total)",
            table="archive",
            offset=start,
        )
    (size,) = struct.unpack_from("<I", data, start)
    start += 4
    if size > len(data) - start:
        raise FormatError(
            "FlatBuffer length prefix out of bounds "
            f"(prefix is {size} but only {len(data) - start} available)",
            table="archive",
            offset=start - 4,
        )
    end = start + size
    return slice(start, end), -(-end // SEGMENT_ALIGNMENT) * SEGMENT_ALIGNMENT


def _skip_zip_header(data: memoryview) -> int:
    """Offset of the first entry's payload where the file is a zip, else 0."""
    if len(data) < _LOCAL_HEADER.size:
        return 0
    header = _LOCAL_HEADER.unpack_from(data, 0)
    if header[0] != _LOCAL_HEADER_SIGNATURE:
        return 0
    payload = _LOCAL_HEADER.size + header[9] + header[10]
    if payload > len(data):
        raise FormatError(
            f"zip header of {payload} bytes in a file of {len(data)}", table="archive", offset=0
        )
    return payload
