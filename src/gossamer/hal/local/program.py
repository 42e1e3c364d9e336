"""The program of a command buffer: records that the native runner executes in one call.

One block of bytes: a 64-byte header, then records, each followed by what it refers to (constants, binding
references, data of updates) by offset from its own start. So a record is encoded when it is recorded, the
block can be anywhere, and many threads can run it at a time. Each record is done before the next starts.

    header      0 u64 record count | 8 u32 some kernel may trap
    record      0 u32 kind | 4 u32 eighths of the bytes to the next record | then by kind
    dispatch    8 u64 function | 16 u64 environment | 24 u16 binding count | 26 u16 constant count
                28 u32 offset of the reference of indirect counts, or 0
                32 u64 address of the u32 time of a workgroup, or 0 | 40 u32 local memory bytes
                44 u32 may trap | 48 u32 bindings offset | 52 u32 x | 56 u32 y | 60 u32 z
                64 u32 constants, padded to 8 bytes | binding references | reference of indirect counts
    fill        8 u64 pattern | 16 target reference | 40 u32 pattern bytes (1, 2, 4, 8) | 44 nothing
    copy        8 source reference | 32 target reference | 56 data of an update, padded to 8 bytes
    reference   0 i64 slot, or -1 direct, or -2 in this record | 8 u64 address or offset | 16 i64 length or -1
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from functools import cache
from itertools import chain
from typing import NamedTuple

from gossamer.hal.executable import ExecutableFunction
from gossamer.native.host_memory import address_of

_TRANSFER_BYTES_PER_NANOSECOND = 4

SLOT_DIRECT = -1
SLOT_IN_RECORD = -2

_HEADER = struct.Struct("<QI52x")
_RECORD = struct.Struct("<II")
_DISPATCH_START = struct.Struct("<IIQQHHIQIII")
_COUNTS = struct.Struct("<3I")
_FILL = struct.Struct("<IIQqQqI4x")
_COPY = struct.Struct("<IIqQqqQq")
_REFERENCE = struct.Struct("<qQq")
_INDIRECT_AND_TIME = struct.Struct("<IQ")
_CONSTANTS_OFFSET = 64


class RecordKind(IntEnum):
    """What a record does."""

    DISPATCH = 1
    FILL = 2
    COPY = 3


class Reference(NamedTuple):
    """Memory a record works on.

    Attributes:
        slot: of the binding table, or or SLOT_DIRECT.
        address: absolute for SLOT_DIRECT, otherwise an offset.
        length: bytes; -1 in a slot is all that follows the offset.
    """

    slot: int
    address: int
    length: int


class DispatchRecord(NamedTuple):
    """Run a function once for each workgroup.

    Attributes:
        indirect_count: where three u32 workgroup counts are read when the dispatch starts, or None.
        time_address: of a u32 that holds the nanoseconds a workgroup takes, 0 while unknown; or 0.
    """

    function: ExecutableFunction
    workgroup_count: tuple[int, int, int]
    constants: tuple[int, ...]
    bindings: tuple[Reference, ...]
    indirect_count: Reference | None = None
    time_address: int = 0


class FillRecord(NamedTuple):
    """Repeat a pattern over the target."""

    target: Reference
    pattern: int
    pattern_length: int


class CopyRecord(NamedTuple):
    """Copy bytes; the ranges may overlap."""

    source: Reference
    target: Reference


class UpdateRecord(NamedTuple):
    """Write bytes."""

    data: bytes
    target: Reference


Record = DispatchRecord | FillRecord | CopyRecord | UpdateRecord


class Program(NamedTuple):
    """Encoded records.

    Attributes:
        functions: what each record dispatches; None for other records.
        memory: the encoded form, 16-byte aligned, which the native runner reads.
        address: of it.
        is_native: no record needs Python.
        may_trap: some kernel is native code that is not checked.
        has_indirect_counts: some dispatch reads its workgroup counts from memory.
        local_memory_bytes: most that a workgroup of any dispatch needs.
    """

    functions: tuple[ExecutableFunction | None, ...]
    memory: bytearray
    address: int
    is_native: bool
    may_trap: bool
    has_indirect_counts: bool
    local_memory_bytes: int


class ProgramBuilder:
    """Encodes records one after the other.

    Attributes:
        parts: encoded records.
        functions: what each of them dispatches.
        has_indirect_counts: some dispatch reads its workgroup counts from memory.
    """

    __slots__ = ("functions", "has_indirect_counts", "parts")

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self.parts: list[bytes] = []
        self.functions: list[ExecutableFunction | None] = []
        self.has_indirect_counts = False
        for record in records:
            self.append(record)

    def append(self, record: Record) -> None:
        """Add a record."""
        function = None
        match record:
            case DispatchRecord(function, counts, constants, bindings, indirect, time_address):
                layout = dispatch_layout(len(constants), len(bindings))
                start = dispatch_start(function, time_address, is_indirect=indirect is not None)
                part = layout.pack(start, *counts, *constants, *chain.from_iterable(bindings))
                if indirect is not None:
                    part += _REFERENCE.pack(*indirect)
                    self.has_indirect_counts = True
            case FillRecord(target, pattern, length):
                part = _FILL.pack(RecordKind.FILL, _FILL.size // 8, pattern, *target, length)
            case CopyRecord(source, target):
                part = _COPY.pack(RecordKind.COPY, _COPY.size // 8, *source, *target)
            case UpdateRecord(data, target):
                source = (SLOT_IN_RECORD, _COPY.size, len(data))
                words = (_COPY.size + len(data) + 7) // 8
                part = _COPY.pack(RecordKind.COPY, words, *source, *target) + data + bytes(-len(data) % 8)
        self.parts.append(part)
        self.functions.append(function)

    def build(self) -> Program:
        """Program of all records so far."""
        is_native, may_trap, local_memory_bytes = True, False, 0
        # Why by identity: the hash of a function is that of all its fields.
        for function in dict(zip(map(id, self.functions), self.functions, strict=True)).values():
            if function is not None:
                is_native = is_native and function.address != 0
                may_trap = may_trap or function.may_trap
                local_memory_bytes = max(local_memory_bytes, function.local_memory_bytes)
        memory = bytearray().join((_HEADER.pack(len(self.parts), may_trap), *self.parts))
        return Program(
            tuple(self.functions),
            memory,
            address_of(memory),
            is_native,
            may_trap,
            self.has_indirect_counts,
            local_memory_bytes,
        )


@cache
def dispatch_layout(constant_count: int, binding_count: int) -> struct.Struct:
    """Of a dispatch: its start, workgroup counts, constants, and three numbers for each binding reference."""
    return struct.Struct(f"<52s3I{constant_count}I{4 * (constant_count & 1)}x{'qQq' * binding_count}")


def dispatch_start(function: ExecutableFunction, time_address: int, *, is_indirect: bool = False) -> bytes:
    """The part of a dispatch that is the same whatever the function is dispatched on.

    Args:
        is_indirect: a reference of indirect counts follows the bindings.
    """
    bindings = _CONSTANTS_OFFSET + (function.constant_count + 1 >> 1) * 8
    end = bindings + function.binding_count * _REFERENCE.size
    return _DISPATCH_START.pack(
        RecordKind.DISPATCH,
        (end + is_indirect * _REFERENCE.size) // 8,
        function.address,
        function.environment,
        function.binding_count,
        function.constant_count,
        end * is_indirect,
        time_address,
        function.local_memory_bytes,
        function.may_trap,
        bindings,
    )


def decode_records(program: Program) -> Iterator[Record]:
    """The records of a program, in order."""
    memory, offset = program.memory, _HEADER.size
    for function in program.functions:
        kind, words = _RECORD.unpack_from(memory, offset)
        if function is not None:
            yield _decode_dispatch(function, bytes(memory[offset : offset + 8 * words]))
        elif kind == RecordKind.FILL:
            _, _, pattern, *target, length = _FILL.unpack_from(memory, offset)
            yield FillRecord(Reference(*target), pattern, length)
        else:
            values = _COPY.unpack_from(memory, offset)
            source, target = Reference(*values[2:5]), Reference(*values[5:])
            if source.slot == SLOT_IN_RECORD:
                start = offset + source.address
                yield UpdateRecord(bytes(memory[start : start + source.length]), target)
            else:
                yield CopyRecord(source, target)
        offset += 8 * words


def map_references(program: Program, mapping: Callable[[Reference], Reference]) -> Program:
    """Same program on other memory: each reference replaced by what `mapping` makes of it."""
    builder = ProgramBuilder()
    for record in decode_records(program):
        match record:
            case DispatchRecord():
                bindings = tuple(map(mapping, record.bindings))
                count = record.indirect_count
                indirect_count = None if count is None else mapping(count)
                builder.append(record._replace(bindings=bindings, indirect_count=indirect_count))
            case FillRecord(target) | UpdateRecord(_, target):
                builder.append(record._replace(target=mapping(target)))
            case CopyRecord(source, target):
                builder.append(CopyRecord(mapping(source), mapping(target)))
    return builder.build()


def expected_nanoseconds(program: Program, *, uses_times: bool) -> int | None:
    """Estimate of how long a program takes on one thread; None where something of it is not known yet.

    Args:
        uses_times: estimate dispatches by what their workgroups took before; else they are not known.
    """
    memory, offset = program.memory, _HEADER.size
    length, nanoseconds = 0, 0
    for function in program.functions:
        kind, words = _RECORD.unpack_from(memory, offset)
        if function is not None:
            indirect, address = _INDIRECT_AND_TIME.unpack_from(memory, offset + 28)
            if indirect or not address or not uses_times:
                return None
            # Safety: the command buffer holds the executable, whose memory it is.
            time = ctypes.c_uint32.from_address(address).value
            if not time:
                return None
            x, y, z = _COUNTS.unpack_from(memory, offset + 52)
            nanoseconds += time * x * y * z
        else:
            target_offset = 16 if kind == RecordKind.FILL else 32
            _, _, target_length = _REFERENCE.unpack_from(memory, offset + target_offset)
            if target_length < 0:
                return None
            length += target_length
        offset += 8 * words
    return nanoseconds + length // _TRANSFER_BYTES_PER_NANOSECOND


def _decode_dispatch(function: ExecutableFunction, encoded: bytes) -> DispatchRecord:
    layout = dispatch_layout(function.constant_count, function.binding_count)
    start, *values = layout.unpack_from(encoded)
    references = values[3 + function.constant_count :]
    indirect, time_address = _INDIRECT_AND_TIME.unpack_from(start, 28)
    return DispatchRecord(
        function,
        (values[0], values[1], values[2]),
        tuple(values[3 : 3 + function.constant_count]),
        tuple(Reference(*references[place : place + 3]) for place in range(0, len(references), 3)),
        Reference(*_REFERENCE.unpack_from(encoded, indirect)) if indirect else None,
        time_address,
    )
