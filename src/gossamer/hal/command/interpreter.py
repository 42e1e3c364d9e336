"""What records mean: a program gone through record by record in Python.

Transfers are done here; dispatches are given to whoever can run them. Drivers without a quicker way run
their programs so, and it is the reference for those that have one.
In: a program, a packed binding table. Out: memory changed, dispatches called back in order.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import TypeAlias

from gossamer.hal.command.command_program import CommandProgram
from gossamer.hal.command.program_reader import decode_records
from gossamer.hal.command.records import (
    SLOT_DIRECT,
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Reference,
    UpdateRecord,
)
from gossamer.hal.executable import BoundMemory


class BoundTable:
    """A binding table: what references to its slots stand for.

    Args:
        table: u64 address and length for each slot; whoever made it keeps the memory alive.
    """

    def __init__(self, table: bytes) -> None:
        self._slots = struct.unpack(f"<{len(table) // 8}Q", table)

    def resolve(self, reference: Reference) -> BoundMemory:
        """Memory of a reference."""
        if reference.slot == SLOT_DIRECT:
            return BoundMemory(reference.address, reference.length)
        base, length = self._slots[2 * reference.slot], self._slots[2 * reference.slot + 1]
        if reference.length >= 0:
            return BoundMemory(base + reference.address, reference.length)
        return BoundMemory(base + reference.address, length - reference.address)

    def workgroup_count(self, record: DispatchRecord) -> tuple[int, int, int]:
        """Workgroups of a dispatch along x, y and z, read from memory where they are there."""
        if record.indirect_count is None:
            return record.workgroup_count
        # Safety: the reference was checked against the table, whose memory the caller keeps alive.
        return struct.unpack("<3I", ctypes.string_at(self.resolve(record.indirect_count).address, 12))


Dispatch: TypeAlias = Callable[[DispatchRecord, BoundTable], None]
"""Does, or leaves out, one dispatch."""


def interpret_program(program: CommandProgram, table: bytes, dispatch: Dispatch) -> None:
    """Go through a program.

    Args:
        table: u64 address and length for each slot; the caller checked all references against it.
        dispatch: called for each dispatch, when all records before it are done.
    Raises: what `dispatch` raises; what came before has taken effect.
    """
    bound = BoundTable(table)
    for record in decode_records(program):
        match record:
            case DispatchRecord():
                dispatch(record, bound)
            case FillRecord(target, pattern, length):
                memory = bound.resolve(target)
                data = pattern.to_bytes(8, "little")[:length] * (memory.length // length)
                ctypes.memmove(memory.address, data, len(data))
            case CopyRecord(source, target):
                memory = bound.resolve(target)
                ctypes.memmove(memory.address, bound.resolve(source).address, memory.length)
            case UpdateRecord(data, target):
                ctypes.memmove(bound.resolve(target).address, data, len(data))
