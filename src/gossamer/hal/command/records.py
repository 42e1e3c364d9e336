"""Records: what a program does, one after the other.

In: a function and the memory it works on. Out: what `program` encodes and `program_reader` decodes.
"""

from __future__ import annotations

from typing import NamedTuple

from gossamer.hal.executable import ExecutableFunction

SLOT_DIRECT = -1
"""Slot of references that are addresses."""


class Reference(NamedTuple):
    """Memory a record works on.

    Attributes:
        slot: of the binding table, or SLOT_DIRECT.
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
