"""How programs lie in memory: one block of bytes, which the native runner goes through.

The block is a 64-byte header, then records, each followed by what it refers to (constants, binding
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

import struct
from enum import IntEnum
from functools import cache

from gossamer.hal.executable import ExecutableFunction

SLOT_IN_RECORD = -2
"""Slot of references to what follows their record."""

HEADER = struct.Struct("<QI52x")
RECORD = struct.Struct("<II")
FILL = struct.Struct("<IIQqQqI4x")
COPY = struct.Struct("<IIqQqqQq")
REFERENCE = struct.Struct("<qQq")

INDIRECT_AND_TIME = struct.Struct("<IQ")
INDIRECT_AND_TIME_OFFSET = 28
"""In a dispatch: offset of the reference of indirect counts, and address of the time of a workgroup."""

COUNTS = struct.Struct("<3I")
COUNTS_OFFSET = 52
"""In a dispatch."""

_DISPATCH_START = struct.Struct("<IIQQHHIQIII")
_CONSTANTS_OFFSET = 64


class RecordKind(IntEnum):
    """What a record does."""

    DISPATCH = 1
    FILL = 2
    COPY = 3


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
    end = bindings + function.binding_count * REFERENCE.size
    return _DISPATCH_START.pack(
        RecordKind.DISPATCH,
        (end + is_indirect * REFERENCE.size) // 8,
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
