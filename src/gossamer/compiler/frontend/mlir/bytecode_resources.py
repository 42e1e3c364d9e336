"""Resources of MLIR bytecode: views of the source in place of copies in MLIR's memory.

Spec: https://mlir.llvm.org/docs/BytecodeFormat. A file is a header and sections; the section of resources
holds their bytes, the section of resource offsets says whose they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gossamer.compiler.resources import Resources
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_MAGIC_SIZE = 4
_STRINGS, _RESOURCES, _RESOURCE_OFFSETS = 0, 5, 6
_HAS_ALIGNMENT = 0x80
_BLOB = 0


@dataclass(frozen=True, slots=True)
class BytecodeSection:
    """One section; `start` is where its data begins in the file."""

    identifier: int
    start: int
    data: memoryview


class BytecodeCursor:
    """Reads numbers and ranges one after the other."""

    def __init__(self, data: memoryview, position: int = 0) -> None:
        self.data = data
        self.position = position

    def byte(self) -> int:
        """The next byte. Raises: CompileError at the end, as all methods."""
        (value,) = self.take(1)
        return value

    def varint(self) -> int:
        """The next number, whose first byte says how many follow."""
        first = self.byte()
        if first == 0:
            return int.from_bytes(self.take(8), "little")
        more = (first & -first).bit_length() - 1
        return int.from_bytes(bytes([first, *self.take(more)]), "little") >> (more + 1)

    def take(self, count: int) -> memoryview:
        """The next bytes."""
        if self.position + count > len(self.data):
            raise CompileError([Diagnostic(f"bytecode ends at byte {len(self.data)}")])
        self.position += count
        return self.data[self.position - count : self.position]

    def align(self, alignment: int, base: int = 0) -> None:
        """Skip bytes up to an alignment, counted from `base` before the data."""
        self.take(-(base + self.position) % alignment)


def take_out_resources(data: bytes, resources: Resources) -> bytes:
    """Move resources of MLIR bytecode.

    Returns: bytecode that names them but has no contents for them; `data` itself where it has none.
    Raises: CompileError where the sections of resources are broken.
    """
    _, sections = read_sections(data)
    found = {section.identifier: section for section in sections}
    if _RESOURCES not in found or _RESOURCE_OFFSETS not in found or _STRINGS not in found:
        return data
    reader = _OffsetsReader(found[_RESOURCE_OFFSETS].data, read_strings(found[_STRINGS].data))
    offsets = reader.read(BytecodeCursor(found[_RESOURCES].data), found[_RESOURCES].start, resources)
    empty = {_RESOURCES: b"", _RESOURCE_OFFSETS: offsets}
    output = bytearray(data[: _header_size(data)])
    for section in sections:
        _write_section(output, section.identifier, empty.get(section.identifier, section.data))
    return bytes(output)


def read_sections(data: bytes) -> tuple[int, list[BytecodeSection]]:
    """The version of bytecode, and its sections; none where its header does not end.

    Raises: CompileError where a section does not end.
    """
    cursor = BytecodeCursor(memoryview(data), _MAGIC_SIZE)
    version = cursor.varint()
    cursor.position = _header_size(data)
    return version, list(_sections(cursor)) if cursor.position else []


def _header_size(data: bytes) -> int:
    """Bytes of magic, version and producer; 0 where the producer's name does not end."""
    cursor = BytecodeCursor(memoryview(data), _MAGIC_SIZE)
    cursor.varint()
    return data.find(b"\0", cursor.position) + 1


def _sections(cursor: BytecodeCursor) -> Iterator[BytecodeSection]:
    while cursor.position < len(cursor.data):
        identifier = cursor.byte()
        length = cursor.varint()
        if identifier & _HAS_ALIGNMENT:
            cursor.align(cursor.varint())
        yield BytecodeSection(identifier & ~_HAS_ALIGNMENT, cursor.position, cursor.take(length))


def _write_section(output: bytearray, identifier: int, data: bytes | memoryview) -> None:
    # Why not aligned: only contents of resources have to be, and MLIR refuses aligned sections in bytes that
    # are not themselves at an aligned address.
    output.append(identifier)
    output += _varint(len(data))
    output += data


def read_strings(data: memoryview) -> list[bytes]:
    """Strings of the section of strings, by number."""
    cursor = BytecodeCursor(data)
    # Lengths count the zero byte after each string; they are those of the last string first.
    lengths = [cursor.varint() for _ in range(cursor.varint())][::-1]
    return [bytes(cursor.take(length))[:-1] for length in lengths]


@dataclass(frozen=True, slots=True)
class _OffsetsReader:
    """Reads the section of offsets, and writes one for resources without contents."""

    data: memoryview
    strings: list[bytes]

    def read(self, contents: BytecodeCursor, start: int, resources: Resources) -> bytes:
        cursor = BytecodeCursor(self.data)
        for _ in range(cursor.varint()):
            # Groups that belong to no dialect, such as reproducers.
            cursor.varint()
            for _ in range(cursor.varint()):
                cursor.varint()
                contents.take(cursor.varint())
                cursor.byte()
        output = bytearray(_varint(0))
        while cursor.position < len(self.data):
            dialect, count = cursor.varint(), cursor.varint()
            output += _varint(dialect) + _varint(count)
            for _ in range(count):
                key, size, kind = cursor.varint(), cursor.varint(), cursor.byte()
                output += _varint(key) + _varint(0) + bytes([kind])
                if size:
                    self._add(
                        key,
                        kind,
                        BytecodeCursor(contents.take(size)),
                        start + contents.position - size,
                        resources,
                    )
        return bytes(output)

    def _add(self, key: int, kind: int, entry: BytecodeCursor, base: int, resources: Resources) -> None:
        if kind != _BLOB:
            return
        alignment, size = entry.varint(), entry.varint()
        entry.align(alignment, base)
        resources.add(self.strings[key].decode(errors="surrogateescape"), entry.take(size))


def _varint(value: int) -> bytes:
    for more in range(8):
        if value < 1 << (7 * (more + 1)):
            return (((value << 1) | 1) << more).to_bytes(more + 1, "little")
    return b"\0" + value.to_bytes(8, "little")
