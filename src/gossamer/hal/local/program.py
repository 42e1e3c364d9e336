"""The program of a command buffer: records that the native runner executes in one call.

One block of bytes: a 64-byte header, 64-byte records, then what they refer to (binding references,
constants, data of updates) by offset from the start, so the block can be anywhere and many threads can run
it at a time. Only the times of tiles in it change, which are hints.

    header      0 u64 record count
    record      0 u32 kind | then by kind
    dispatch    4 u32 binding count | 8 u64 function | 16 u64 environment | 24 u32 constants offset
                28 u32 constant count | 32 u32 x | 36 u32 y | 40 u32 z | 44 u32 bindings offset
                48 u32 local memory bytes | 52 u32 may trap | 56 u32 offset of the reference of indirect
                counts, or 0 | 60 u32 nanoseconds that a tile takes, or 0 before that is measured
    fill        4 u32 pattern bytes (1, 2, 4, 8) | 8 u64 pattern | 16 target reference
    copy        8 source reference | 32 target reference
    reference   0 i64 slot, or -1 direct, or -2 in this block | 8 u64 address or offset | 16 i64 length or -1
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

from gossamer.hal.executable import ExecutableFunction

RECORD_BYTES = 64
REFERENCE_BYTES = 24
_TRANSFER_BYTES_PER_NANOSECOND = 4

SLOT_DIRECT = -1
SLOT_IN_PROGRAM = -2

HEADER_FORMAT = struct.Struct("<Q56x")
DISPATCH_FORMAT = struct.Struct("<IIQQIIIIIIIIII")
FILL_FORMAT = struct.Struct("<IIQqQq24x")
COPY_FORMAT = struct.Struct("<IIqQqqQq8x")
REFERENCE_FORMAT = struct.Struct("<qQq")


class RecordKind(IntEnum):
    """What a record does."""

    DISPATCH = 1
    FILL = 2
    COPY = 3
    BARRIER = 4


@dataclass(frozen=True, slots=True)
class Reference:
    """Memory a record works on.

    Attributes:
        slot: of the binding table, or SLOT_DIRECT, or SLOT_IN_PROGRAM.
        address: absolute for SLOT_DIRECT, otherwise an offset.
        length: bytes; -1 in a slot is all that follows the offset.
    """

    slot: int
    address: int
    length: int


@dataclass(frozen=True, slots=True)
class DispatchRecord:
    """Run a function once for each workgroup.

    Attributes:
        indirect_count: where three u32 workgroup counts are read when the dispatch starts, or None.
    """

    function: ExecutableFunction
    workgroup_count: tuple[int, int, int]
    constants: tuple[int, ...]
    bindings: tuple[Reference, ...]
    indirect_count: Reference | None = None


@dataclass(frozen=True, slots=True)
class FillRecord:
    """Repeat a pattern over the target."""

    target: Reference
    pattern: int
    pattern_length: int


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """Copy bytes; the ranges may overlap."""

    source: Reference
    target: Reference


@dataclass(frozen=True, slots=True)
class BarrierRecord:
    """Everything before is done before anything after starts."""


Record = DispatchRecord | FillRecord | CopyRecord | BarrierRecord


@dataclass(frozen=True, slots=True)
class Program:
    """Records and their encoded form.

    Attributes:
        records: in order.
        memory: the encoded form, 16-byte aligned, which the native runner reads and notes times in.
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
    dispatches = [record for record in records if isinstance(record, DispatchRecord)]
    encoded = b"".join((HEADER_FORMAT.pack(len(records)), *parts, encoder.tail))
    memory = (ctypes.c_ubyte * len(encoded)).from_buffer_copy(encoded)
    return Program(
        tuple(records),
        memory,
        ctypes.addressof(memory),
        data_offset,
        len(data),
        all(record.function.address for record in dispatches),
        any(record.function.may_trap for record in dispatches),
        any(record.indirect_count is not None for record in dispatches),
        max((record.function.local_memory_bytes for record in dispatches), default=0),
    )


def map_references(program: Program, mapping: Callable[[Reference], Reference]) -> Program:
    """Same program on other memory: each reference replaced by what `mapping` makes of it."""
    records: list[Record] = []
    for record in program.records:
        match record:
            case DispatchRecord():
                bindings = tuple(map(mapping, record.bindings))
                count = record.indirect_count
                records.append(
                    replace(
                        record, bindings=bindings, indirect_count=None if count is None else mapping(count)
                    )
                )
            case FillRecord(target):
                records.append(replace(record, target=mapping(target)))
            case CopyRecord(source, target):
                records.append(CopyRecord(mapping(source), mapping(target)))
            case BarrierRecord():
                records.append(record)
    data = program.encoded[program.data_offset : program.data_offset + program.data_length]
    return encode_program(records, data)


def transfer_nanoseconds(program: Program) -> int | None:
    """Estimate of how long fills and copies take; None with a dispatch or a length that is not known yet."""
    length = 0
    for record in program.records:
        match record:
            case FillRecord(target) | CopyRecord(_, target) if target.length >= 0:
                length += target.length
            case BarrierRecord():
                pass
            case _:
                return None
    return length // _TRANSFER_BYTES_PER_NANOSECOND


class _Encoder:
    """Encodes records one by one; collects what they refer to in `tail`."""

    def __init__(self, tail_offset: int, data: bytes) -> None:
        self._tail_offset = tail_offset
        self.tail = bytearray(data)

    def encode(self, record: Record) -> bytes:
        match record:
            case DispatchRecord():
                return self._encode_dispatch(record)
            case FillRecord(target, pattern, pattern_length):
                return FILL_FORMAT.pack(RecordKind.FILL, pattern_length, pattern, *self._reference(target))
            case CopyRecord(source, target):
                return COPY_FORMAT.pack(
                    RecordKind.COPY, 0, *self._reference(source), *self._reference(target)
                )
            case BarrierRecord():
                return struct.pack("<I60x", RecordKind.BARRIER)

    def _encode_dispatch(self, record: DispatchRecord) -> bytes:
        function = record.function
        constants = self._append(struct.pack(f"<{len(record.constants)}I", *record.constants))
        references = b"".join(REFERENCE_FORMAT.pack(*self._reference(binding)) for binding in record.bindings)
        bindings = self._append(references)
        indirect = 0
        if record.indirect_count is not None:
            indirect = self._append(REFERENCE_FORMAT.pack(*self._reference(record.indirect_count)))
        return DISPATCH_FORMAT.pack(
            RecordKind.DISPATCH,
            len(record.bindings),
            function.address,
            function.environment,
            constants,
            len(record.constants),
            *record.workgroup_count,
            bindings,
            function.local_memory_bytes,
            int(function.may_trap),
            indirect,
            0,
        )

    def _reference(self, reference: Reference) -> tuple[int, int, int]:
        if reference.slot == SLOT_IN_PROGRAM:
            return SLOT_IN_PROGRAM, self._tail_offset + reference.address, reference.length
        return reference.slot, reference.address, reference.length

    def _append(self, data: bytes) -> int:
        self.tail.extend(b"\0" * (-len(self.tail) % 8))
        offset = self._tail_offset + len(self.tail)
        self.tail.extend(data)
        return offset
