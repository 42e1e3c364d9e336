"""Where in a module file its fields are, by kind: what a structured mutation chooses from.

In: a good file. Out: ranges of bytes named by what they mean: offsets, counts and scalars of FlatBuffer
tables, opcodes and operands of bytecode, constants, tables of native executables, headers of zip entries.
Tables are found by watching our own reader; executables in VM bytecode are searched like the file itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
from elf_fields import ELF_MAGIC, elf_fields, elf_tables

from gossamer.errors import FormatError
from gossamer.format.archive import locate_flatbuffer
from gossamer.format.flatbuffer import FlatBuffer, Table
from gossamer.format.module_def import Bytes, ModuleDef
from gossamer.format.read_bytecode_module import read_bytecode_module
from gossamer.isa.decode import FIXED_FORMATS, decode_function
from gossamer.isa.instruction import Instruction
from gossamer.isa.opcodes import EXTENSIONS_BY_PREFIX, OperandKind

_SIZES = {"H": 2, "I": 4, "i": 4, "f": 4, "q": 8, "d": 8}
_REGISTER_KINDS = "iIfFrm"


class Field(NamedTuple):
    """A range of bytes of the file and what they are."""

    kind: str
    position: int
    size: int


class FileMap(NamedTuple):
    """What there is to mutate in a file.

    Attributes:
        fields: of every kind, by kind.
        elves: ranges of native executables.
    """

    fields: dict[str, list[Field]]
    elves: list[range]


def map_file(data: bytes) -> FileMap:
    """Fields of a good file and of the executables inside it."""
    found: list[Field] = []
    elves: list[range] = []
    _map_module(data, 0, found, elves)
    by_kind: dict[str, list[Field]] = {}
    for field in set(found):
        by_kind.setdefault(field.kind, []).append(field)
    return FileMap({kind: sorted(fields) for kind, fields in sorted(by_kind.items())}, elves)


def _map_module(data: Bytes, base: int, found: list[Field], elves: list[range]) -> None:
    view = memoryview(data)
    start = locate_flatbuffer(view)[0].start
    with _watch_reader(start + base) as seen:
        flatbuffer, external = locate_flatbuffer(view)
        buffer = FlatBuffer(view[flatbuffer], file_offset=start)
        module = read_bytecode_module(buffer, view[min(external, len(view)) :], external)
    found += seen
    found.append(Field("size prefix", base + start - 4, 4))
    found += [Field(f"zip {kind}", base + at, size) for kind, at, size in _zip_fields(view)]
    found += _bytecode_fields(module, base, view)
    for segment in module.rodata_segments:
        _map_rodata(segment.data, base + _offset_in(segment.data, view), found, elves)


def _map_rodata(data: Bytes, base: int, found: list[Field], elves: list[range]) -> None:
    if bytes(data[:4]) == ELF_MAGIC:
        elves.append(range(base, base + len(data)))
        found += [Field(kind, base + at, size) for kind, at, size in elf_fields(bytes(data))]
        found += [Field(kind, base + at, size) for kind, at, size in elf_tables(bytes(data))]
        return
    with suppress(FormatError):
        inner: list[Field] = []
        _map_module(data, base, inner, elves)
        found += [Field(f"kernel {field.kind}", field.position, field.size) for field in inner]
        return
    found += [
        Field("constant data", base + at, 4) for at in range(0, len(data) - 3, max(len(data) // 64 & -4, 4))
    ]


@contextmanager
def _watch_reader(base: int) -> Iterator[list[Field]]:
    """Note each place that the FlatBuffer reader reads while the block runs."""
    seen: list[Field] = []
    follow, string, table_init, field = FlatBuffer.follow, FlatBuffer.string, Table.__init__, Table.field

    def watched_follow(self: FlatBuffer, position: int, *rest: Any) -> int:
        target = follow(self, position, *rest)
        seen.append(Field("offset", base + position, 4))
        seen.append(Field("count or table", base + target, 4))
        return target

    def watched_string(self: FlatBuffer, position: int, *rest: Any) -> str:
        text = string(self, position, *rest)
        seen.append(Field("text", base + position + 4, max(len(text.encode("utf-8", "surrogateescape")), 1)))
        return text

    def watched_init(self: Table, buffer: FlatBuffer, position: int, *rest: Any) -> None:
        table_init(self, buffer, position, *rest)
        vtable = position - int.from_bytes(buffer.data[position : position + 4], "little", signed=True)
        size = int.from_bytes(buffer.data[vtable : vtable + 2], "little")
        seen.extend(Field("vtable", base + at, 2) for at in range(vtable, vtable + size, 2))

    def watched_field(self: Table, field_id: int, size: int, alignment: int) -> int | None:
        position = field(self, field_id, size, alignment)
        if position is not None and size:
            seen.append(Field("scalar", base + position, size))
        return position

    with (
        mock.patch.object(FlatBuffer, "follow", watched_follow),
        mock.patch.object(FlatBuffer, "string", watched_string),
        mock.patch.object(Table, "__init__", watched_init),
        mock.patch.object(Table, "field", watched_field),
    ):
        yield seen


def _zip_fields(data: memoryview) -> Iterator[tuple[str, int, int]]:
    if bytes(data[:4]) != b"PK\x03\x04":
        return
    header = (
        ("name length", 26, 2),
        ("extra length", 28, 2),
        ("size", 18, 4),
        ("size", 22, 4),
        ("method", 8, 2),
    )
    yield from header
    directory = bytes(data).find(b"PK\x01\x02")
    if directory >= 0:
        yield from (("directory", at, 4) for at in range(directory, len(data) - 3, 4))


def _offset_in(part: Bytes, whole: memoryview) -> int:
    if not len(part):
        return 0
    return np.frombuffer(part, np.uint8).ctypes.data - np.frombuffer(whole, np.uint8).ctypes.data


def _bytecode_fields(module: ModuleDef, base: int, data: memoryview) -> Iterator[Field]:
    start = base + _offset_in(module.bytecode_data, data)
    for descriptor in module.function_descriptors:
        first, length = descriptor.bytecode_offset, descriptor.bytecode_length
        for instruction in decode_function(module.bytecode_data[first : first + length]):
            for kind, at, size in _instruction_fields(
                instruction, module.bytecode_data[first : first + length]
            ):
                yield Field(kind, start + first + at, size)


def _instruction_fields(instruction: Instruction, function: Bytes) -> Iterator[tuple[str, int, int]]:
    position = instruction.offset
    if function[position] in EXTENSIONS_BY_PREFIX:
        yield "opcode", position, 1
        position += 1
    yield "opcode", position, 1
    position += 1
    for operand in instruction.opcode.operands:
        size = _SIZES.get(FIXED_FORMATS.get(operand.kind, ""), 0)
        if size:
            yield _kind_of(operand.kind), position, size
            position += size
        elif operand.kind is OperandKind.STRING:
            yield "string length", position, 2
            position += 2 + int.from_bytes(function[position : position + 2], "little")
        else:
            # Lists: counts and registers of two bytes, at an even offset; cases have block offsets between.
            position += position & 1 if operand.kind is not OperandKind.CASES else 0
            end = instruction.offset + instruction.length
            if operand.kind is not OperandKind.CASES:
                count = int.from_bytes(function[position : position + 2], "little")
                end = position + 2 + count * (4 if operand.kind is OperandKind.REMAP else 2)
            yield "list count", position, 2
            yield from (("list register", at, 2) for at in range(position + 2, end - 1, 2))
            position = end


def _kind_of(kind: OperandKind) -> str:
    if kind.value in _REGISTER_KINDS:
        return "register"
    if kind.value.startswith("#"):
        return "immediate"
    return "block" if kind is OperandKind.BLOCK else "ordinal"
