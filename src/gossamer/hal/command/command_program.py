"""The program of a command buffer: records that the native runner executes in one call.

In: records. Out: a block of memory (see `record_layout`), and what has to be known to run it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from gossamer.hal.command.record_layout import (
    COPY,
    FILL,
    HEADER,
    REFERENCE,
    SLOT_IN_RECORD,
    RecordKind,
    dispatch_layout,
    dispatch_start,
)
from gossamer.hal.command.records import CopyRecord, DispatchRecord, FillRecord, Record, UpdateRecord
from gossamer.hal.executable import ExecutableFunction
from gossamer.machine_code.host_memory import address_of


class CommandProgram(NamedTuple):
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


def encode_record(record: Record) -> bytes:
    """Bytes of a record, wherever it comes to lie."""
    match record:
        case DispatchRecord(function, counts, constants, bindings, indirect, time_address):
            layout = dispatch_layout(len(constants), len(bindings))
            start = dispatch_start(function, time_address, is_indirect=indirect is not None)
            encoded = layout.pack(start, *counts, *constants, *chain.from_iterable(bindings))
            return encoded if indirect is None else encoded + REFERENCE.pack(*indirect)
        case FillRecord(target, pattern, length):
            return FILL.pack(RecordKind.FILL, FILL.size // 8, pattern, *target, length)
        case CopyRecord(source, target):
            return COPY.pack(RecordKind.COPY, COPY.size // 8, *source, *target)
        case UpdateRecord(data, target):
            source = (SLOT_IN_RECORD, COPY.size, len(data))
            words = (COPY.size + len(data) + 7) // 8
            return COPY.pack(RecordKind.COPY, words, *source, *target) + data + bytes(-len(data) % 8)


def join_records(
    records: Sequence[bytes],
    functions: Sequence[ExecutableFunction | None],
    *,
    has_indirect_counts: bool,
) -> CommandProgram:
    """Program of encoded records.

    Args:
        records: encoded, in order.
        functions: what each of them dispatches; None for other records.
        has_indirect_counts: some dispatch reads its workgroup counts from memory.
    """
    is_native, may_trap, local_memory_bytes = True, False, 0
    for function in set(functions):
        if function is not None:
            is_native = is_native and function.address != 0
            may_trap = may_trap or function.may_trap
            local_memory_bytes = max(local_memory_bytes, function.local_memory_bytes)
    memory = bytearray().join((HEADER.pack(len(records), may_trap), *records))
    return CommandProgram(
        tuple(functions),
        memory,
        address_of(memory),
        is_native,
        may_trap,
        has_indirect_counts,
        local_memory_bytes,
    )


def build_program(records: Sequence[Record]) -> CommandProgram:
    """Program of records."""
    dispatches = [record if isinstance(record, DispatchRecord) else None for record in records]
    return join_records(
        [encode_record(record) for record in records],
        [None if dispatch is None else dispatch.function for dispatch in dispatches],
        has_indirect_counts=any(
            dispatch is not None and dispatch.indirect_count is not None for dispatch in dispatches
        ),
    )
