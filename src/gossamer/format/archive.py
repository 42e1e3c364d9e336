"""The `.vmfb` container: a FlatBuffer with its size before it, alone or as first entry of a zip.

Bytes outside the FlatBuffer (external rodata) follow it, at offsets from the next multiple of 64. A zip
is a second view of the same bytes, for people and their tools: loading looks at its first header only.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from gossamer.errors import FormatError
from gossamer.format.flatbuffer import FlatBuffer
from gossamer.format.module_def import Bytes, ModuleDef, RodataSegment
from gossamer.format.other_files import describe_other_file
from gossamer.format.read_bytecode_module import read_bytecode_module
from gossamer.format.zip_archive import ZipEntry, central_directory, local_header, minimum_header_size

SEGMENT_ALIGNMENT = 64
"""External rodata is at multiples of this, counted from the start of the file."""

_LOCAL_HEADER = struct.Struct("<IHHHHHIIIHH")
_LOCAL_HEADER_SIGNATURE = 0x04034B50
_MINIMUM_SIZE = 16

_MAX_EMBEDDED_SIZE = 4096
_MODULE_ENTRY = "module.fb"
_EXTENSIONS = {
    "application/x-flatbuffers": ".fb",
    "application/x-elf": ".so",
    "application/x-msdownload": ".dll",
    "application/x-dylib": ".dylib",
    "application/wasm": ".wasm",
    "application/json": ".json",
    "application/x-yaml": ".yaml",
    "text/plain": ".txt",
}


def read_module(data: Bytes, *, with_debug_database: bool = True) -> ModuleDef:
    """Read a module from the bytes of a `.vmfb` file.

    Args:
        data: the whole file (bytes, or a memoryview of anything, such as an mmap). Bytecode and rodata of
            the result are views of it.
        with_debug_database: read where instructions came from, which is often most of the tables.
    Raises: VersionMismatchError for another bytecode version; FormatError for anything else that is wrong.
    """
    view = memoryview(data).cast("B").toreadonly()
    flatbuffer, rodata_offset = locate_flatbuffer(view)
    # Why: a file without external rodata may end before the next multiple of 64.
    external = view[min(rodata_offset, len(view)) :]
    buffer = FlatBuffer(view[flatbuffer.start : flatbuffer.stop], file_offset=flatbuffer.start)
    return read_bytecode_module(buffer, external, rodata_offset, with_debug_database=with_debug_database)


def write_module(
    module: ModuleDef, *, flat: bool = False, attachments: Mapping[str, Bytes] | None = None
) -> bytes:
    """Write a module as the bytes of a `.vmfb` file.

    Args:
        flat: leave out the zip around it.
        attachments: more entries of the zip, by name; loading a module ignores them, and
            `zip_entries.read_entries` finds them.
    Returns: the file; it must be loaded at an address that is a multiple of 64.
    Raises: ValueError where a number does not fit its field, or there are attachments but no zip.
    """
    if flat and attachments:
        raise ValueError("a flat file has no room for attachments")
    # Why: the flatbuffers package imports NumPy, which takes longer than reading a module.
    from gossamer.format.write_bytecode_module import write_bytecode_module

    files, offsets = _place_external_rodata(module, has_headers=not flat)
    flatbuffer = write_bytecode_module(module, offsets)
    if flat:
        return _write_flat(flatbuffer, files)
    for name, data in (attachments or {}).items():
        files.append(_place_file(name, data, SEGMENT_ALIGNMENT, files, has_headers=True))
    return _write_zip(flatbuffer, files)


@dataclass(frozen=True, slots=True)
class _ExternalFile:
    """Bytes outside the FlatBuffer; offsets are from where external rodata starts."""

    name: str
    data: Bytes
    header_offset: int
    payload_offset: int

    @property
    def end(self) -> int:
        return self.payload_offset + len(self.data)


def _is_external(segment: RodataSegment) -> bool:
    if segment.is_external is not None:
        return segment.is_external
    return bool(segment.mime_type) or len(segment.data) >= _MAX_EMBEDDED_SIZE


def _place_external_rodata(
    module: ModuleDef, *, has_headers: bool
) -> tuple[list[_ExternalFile], dict[int, int]]:
    """Place the segments that go outside; also their offsets by segment index."""
    files: list[_ExternalFile] = []
    offsets: dict[int, int] = {}
    for index, segment in enumerate(module.rodata_segments):
        if _is_external(segment):
            name = (segment.name or f"rodata_{index}") + _EXTENSIONS.get(segment.mime_type, ".bin")
            file = _place_file(name, segment.data, segment.alignment, files, has_headers=has_headers)
            files.append(file)
            offsets[index] = file.payload_offset
    return files, offsets


def _place_file(
    name: str, data: Bytes, alignment: int, before: list[_ExternalFile], *, has_headers: bool
) -> _ExternalFile:
    tail = before[-1].end if before else 0
    header_size = minimum_header_size(name) if has_headers else 0
    return _ExternalFile(name, data, tail, _align(tail + header_size, alignment))


def _write_flat(flatbuffer: bytes, files: list[_ExternalFile]) -> bytes:
    parts: list[Bytes] = [flatbuffer]
    base = _align(len(flatbuffer), SEGMENT_ALIGNMENT)
    position = len(flatbuffer)
    for file in files:
        parts += [bytes(base + file.payload_offset - position), file.data]
        position = base + file.end
    return b"".join(parts)


def _write_zip(flatbuffer: bytes, files: list[_ExternalFile]) -> bytes:
    # Why: the size in front of the FlatBuffer is that of the whole padded entry, which its own four bytes
    # are part of, so it reaches four bytes past the entry: to the multiple of 64 that headers follow.
    size = _align(4 + len(flatbuffer), SEGMENT_ALIGNMENT) - 4
    payload = struct.pack("<I", size) + flatbuffer[4:] + bytes(size - len(flatbuffer))
    header_size = _align(minimum_header_size(_MODULE_ENTRY), SEGMENT_ALIGNMENT)
    header, entry = local_header(_MODULE_ENTRY, payload, 0, header_size)
    base = _align(header_size + len(payload), SEGMENT_ALIGNMENT)
    parts: list[Bytes] = [header, payload, bytes(base - header_size - len(payload))]
    entries: list[ZipEntry] = [entry]
    end = base
    for file in files:
        size = file.payload_offset - file.header_offset
        header, entry = local_header(file.name, file.data, base + file.header_offset, size)
        parts += [header, file.data]
        entries.append(entry)
        end = base + file.end
    parts.append(central_directory(entries, end))
    return b"".join(parts)


def _align(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


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
        known = describe_other_file(data)
        raise FormatError(
            "FlatBuffer length prefix out of bounds "
            f"(prefix is {size} but only {len(data) - start} available)"
            + (f"; this is {known}" if known else ""),
            table="archive",
            offset=start - 4,
        )
    end = start + size
    return slice(start, end), _align(end, SEGMENT_ALIGNMENT)


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
