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
class _Section:
    """One section; `start` is where its data begins in the file."""

    identifier: int
    start: int
    data: memoryview


class _Cursor:
    """Reads numbers and ranges one after the other."""

    def __init__(self, data: memoryview, position: int = 0) -> None:
        self.data = data
        self.position = position

    def byte(self) -> int:
        (value,) = self.take(1)
        return value

    def varint(self) -> int:
        first = self.byte()
        if first == 0:
            return int.from_bytes(self.take(8), "little")
        more = (first & -first).bit_length() - 1
        return int.from_bytes(bytes([first, *self.take(more)]), "little") >> (more + 1)

    def take(self, count: int) -> memoryview:
        if self.position + count > len(self.data):
            raise CompileError([Diagnostic(f"bytecode ends at byte {len(self.data)}, within its resources")])
        self.position += count
        return self.data[self.position - count : self.position]

    def align(self, alignment: int, base: int = 0) -> None:
        self.take(-(base + self.position) % alignment)


def take_out_resources(data: bytes, resources: Resources) -> bytes:
    """Move resources of MLIR bytecode.

    Returns: bytecode that names them but has no contents for them; `data` itself where it has none.
    Raises: CompileError where the sections of resources are broken.
    """
    cursor = _Cursor(memoryview(data), _MAGIC_SIZE)
    cursor.varint()
    end_of_header = data.find(b"\0", cursor.position) + 1
    if not end_of_header:
        return data
    cursor.position = end_of_header
    sections = list(_sections(cursor))
    found = {section.identifier: section for section in sections}
    if _RESOURCES not in found or _RESOURCE_OFFSETS not in found or _STRINGS not in found:
        return data
    reader = _OffsetsReader(found[_RESOURCE_OFFSETS].data, _read_strings(found[_STRINGS].data))
    offsets = reader.read(_Cursor(found[_RESOURCES].data), found[_RESOURCES].start, resources)
    empty = {_RESOURCES: b"", _RESOURCE_OFFSETS: offsets}
    output = bytearray(data[:end_of_header])
    for section in sections:
        _write_section(output, section.identifier, empty.get(section.identifier, section.data))
    return bytes(output)


def _sections(cursor: _Cursor) -> Iterator[_Section]:
    while cursor.position < len(cursor.data):
        identifier = cursor.byte()
        length = cursor.varint()
        if identifier & _HAS_ALIGNMENT:
            cursor.align(cursor.varint())
        yield _Section(identifier & ~_HAS_ALIGNMENT, cursor.position, cursor.take(length))


def _write_section(output: bytearray, identifier: int, data: bytes | memoryview) -> None:
    # Why not aligned: only contents of resources have to be, and MLIR refuses aligned sections in bytes that
    # are not themselves at an aligned address.
    output.append(identifier)
    output += _varint(len(data))
    output += data


def _read_strings(data: memoryview) -> list[bytes]:
    cursor = _Cursor(data)
    # Lengths count the zero byte after each string; they are those of the last string first.
    lengths = [cursor.varint() for _ in range(cursor.varint())][::-1]
    return [bytes(cursor.take(length))[:-1] for length in lengths]


@dataclass(frozen=True, slots=True)
class _OffsetsReader:
    """Reads the section of offsets, and writes one for resources without contents."""

    data: memoryview
    strings: list[bytes]

    def read(self, contents: _Cursor, start: int, resources: Resources) -> bytes:
        cursor = _Cursor(self.data)
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
                        key, kind, _Cursor(contents.take(size)), start + contents.position - size, resources
                    )
        return bytes(output)

    def _add(self, key: int, kind: int, entry: _Cursor, base: int, resources: Resources) -> None:
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
