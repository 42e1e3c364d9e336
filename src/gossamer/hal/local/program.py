"""The program of a command buffer: records that the native runner executes in one call.

One block of bytes: a 64-byte header, 64-byte records, then what they refer to (binding references,
constants, data of updates) by offset from the start, so the block can be anywhere and many threads can run
it at a time.

    header      0 u64 record count | 8 u32 some kernel may trap
    record      0 u32 kind | then by kind
    dispatch    4 u16 binding count | 6 u16 constant count | 8 u64 function | 16 u64 environment
                24 u32 constants offset | 28 u32 offset of the reference of indirect counts, or 0
                32 u32 x | 36 u32 y | 40 u32 z | 44 u32 bindings offset | 48 u32 local memory bytes
                52 u32 may trap | 56 u64 address of the u32 time of a workgroup, or 0
    fill        4 u32 pattern bytes (1, 2, 4, 8) | 8 u64 pattern | 16 target reference
    copy        8 source reference | 32 target reference
    reference   0 i64 slot, or -1 direct, or -2 in this block | 8 u64 address or offset | 16 i64 length or -1
"""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import chain
from typing import NamedTuple

from gossamer.hal.executable import ExecutableFunction

RECORD_BYTES = 64
REFERENCE_BYTES = 24
_TRANSFER_BYTES_PER_NANOSECOND = 4

SLOT_DIRECT = -1
SLOT_IN_PROGRAM = -2

HEADER_FORMAT = struct.Struct("<QI52x")
DISPATCH_FORMAT = struct.Struct("<IHHQQIIIIIIIIQ")
FILL_FORMAT = struct.Struct("<IIQqQq24x")
COPY_FORMAT = struct.Struct("<IIqQqqQq8x")
REFERENCE_FORMAT = struct.Struct("<qQq")


class RecordKind(IntEnum):
    """What a record does."""

    DISPATCH = 1
    FILL = 2
    COPY = 3
    BARRIER = 4


class Reference(NamedTuple):
    """Memory a record works on.

    Attributes:
        slot: of the binding table, or SLOT_DIRECT, or SLOT_IN_PROGRAM.
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


class BarrierRecord(NamedTuple):
    """Everything before is done before anything after starts."""


Record = DispatchRecord | FillRecord | CopyRecord | BarrierRecord


# Plain numbers: members of an enumeration take several times as long to pack.
_DISPATCH, _FILL, _COPY = int(RecordKind.DISPATCH), int(RecordKind.FILL), int(RecordKind.COPY)
_ENCODED_BARRIER = struct.pack("<I60x", RecordKind.BARRIER)


@dataclass(frozen=True, slots=True)
class Program:
    """Records and their encoded form.

    Attributes:
        records: in order.
        memory: the encoded form, 16-byte aligned, which the native runner reads.
        address: of it.
        data_offset: where references with SLOT_IN_PROGRAM count from.
        data_length: bytes of data of updates there.
        is_native: no record needs Python.
        may_trap: some kernel is native code that is not checked.
        has_indirect_counts: some dispatch reads its workgroup counts from memory.
        local_memory_bytes: most that a workgroup of any dispatch needs.
    """

    records: tuple[Record, ...]
    memory: ctypes.Array[ctypes.c_ubyte]
    address: int
    data_offset: int
    data_length: int
    is_native: bool
    may_trap: bool
    has_indirect_counts: bool
    local_memory_bytes: int

    @property
    def encoded(self) -> bytes:
        """Copy of the encoded form."""
        return bytes(self.memory)


def encode_program(records: list[Record], data: bytes) -> Program:
    """Lay records out for the native runner.

    Args:
        data: of updates; references with SLOT_IN_PROGRAM are offsets in it.
    """
    data_offset = (1 + len(records)) * RECORD_BYTES
    encoder = _Encoder(data_offset, data)
    parts = [encoder.encode(record) for record in records]
    dispatches = [record for record in records if type(record) is DispatchRecord]
    functions = list({id(record.function): record.function for record in dispatches}.values())
    may_trap = any(function.may_trap for function in functions)
    encoded = b"".join((HEADER_FORMAT.pack(len(records), may_trap), *parts, encoder.tail))
    memory = (ctypes.c_ubyte * len(encoded)).from_buffer_copy(encoded)
    return Program(
        tuple(records),
        memory,
        ctypes.addressof(memory),
        data_offset,
        len(data),
        all(function.address for function in functions),
        may_trap,
        any(record.indirect_count is not None for record in dispatches),
        max((function.local_memory_bytes for function in functions), default=0),
    )


def map_references(program: Program, mapping: Callable[[Reference], Reference]) -> Program:
    """Same program on other memory: each reference replaced by what `mapping` makes of it."""
    records: list[Record] = []
    for record in program.records:
        match record:
            case DispatchRecord():
                bindings = tuple(map(mapping, record.bindings))
                count = record.indirect_count
                indirect_count = None if count is None else mapping(count)
                records.append(record._replace(bindings=bindings, indirect_count=indirect_count))
            case FillRecord(target):
                records.append(record._replace(target=mapping(target)))
            case CopyRecord(source, target):
                records.append(CopyRecord(mapping(source), mapping(target)))
            case BarrierRecord():
                records.append(record)
    data = program.encoded[program.data_offset : program.data_offset + program.data_length]
    return encode_program(records, data)


def expected_nanoseconds(program: Program, *, uses_times: bool) -> int | None:
    """Estimate of how long a program takes on one thread; None where something of it is not known yet.

    Args:
        uses_times: estimate dispatches by what their workgroups took before; else they are not known.
    """
    length, nanoseconds = 0, 0
    for record in program.records:
        match record:
            case FillRecord(target) | CopyRecord(_, target) if target.length >= 0:
                length += target.length
            case DispatchRecord(indirect_count=None, time_address=address) if address and uses_times:
                # Safety: the command buffer holds the executable, whose memory it is.
                time = ctypes.c_uint32.from_address(address).value
                if not time:
                    return None
                nanoseconds += time * math.prod(record.workgroup_count)
            case BarrierRecord():
                pass
            case _:
                return None
    return nanoseconds + length // _TRANSFER_BYTES_PER_NANOSECOND


class _Encoder:
    """Encodes records one by one; collects what they refer to in `tail`."""

    def __init__(self, tail_offset: int, data: bytes) -> None:
        self._tail_offset = tail_offset
        # Everything added later keeps the tail aligned.
        self.tail = bytearray(data) + bytes(-len(data) % 8)

    def encode(self, record: Record) -> bytes:
        if type(record) is DispatchRecord:
            return self._encode_dispatch(record)
        match record:
            case FillRecord(target, pattern, pattern_length):
                return FILL_FORMAT.pack(_FILL, pattern_length, pattern, *target)
            case CopyRecord(source, target):
                return COPY_FORMAT.pack(_COPY, 0, *self._source(source), *target)
            case _:
                return _ENCODED_BARRIER

    def _encode_dispatch(self, record: DispatchRecord) -> bytes:
        function, workgroup_count, constants, bindings, indirect_count, time_address = record
        tail = self.tail
        start = self._tail_offset + len(tail)
        references = start + (len(constants) + 1 >> 1) * 8
        layout = _tail_layout(len(constants), len(bindings))
        tail += layout.pack(*constants, *chain.from_iterable(bindings))
        indirect = 0
        if indirect_count is not None:
            indirect = self._tail_offset + len(tail)
            tail += REFERENCE_FORMAT.pack(*indirect_count)
        return DISPATCH_FORMAT.pack(
            _DISPATCH,
            len(bindings),
            len(constants),
            function.address,
            function.environment,
            start,
            indirect,
            *workgroup_count,
            references,
            function.local_memory_bytes,
            function.may_trap,
            time_address,
        )

    def _source(self, reference: Reference) -> Reference:
        # Only data of updates is in the program, and only copies read it.
        if reference.slot == SLOT_IN_PROGRAM:
            return reference._replace(address=self._tail_offset + reference.address)
        return reference


@cache
def _tail_layout(constant_count: int, binding_count: int) -> struct.Struct:
    """Of the constants of a dispatch, padding to 8 bytes, and its binding references."""
    return struct.Struct(f"<{constant_count}I{4 * (constant_count & 1)}x{'qQq' * binding_count}")
