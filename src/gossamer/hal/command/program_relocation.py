"""Programs on other memory: what a copy of a command buffer runs, on copies of the buffers it names.

In: a program, where its memory has moved. Out: the same program there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gossamer.hal.command.command_program import CommandProgram, build_program
from gossamer.hal.command.program_reader import decode_records
from gossamer.hal.command.records import (
    SLOT_DIRECT,
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Record,
    Reference,
    UpdateRecord,
)


def relocate_program(program: CommandProgram, addresses: Mapping[int, int]) -> CommandProgram:
    """Same program on other memory; what it names by slot stays as it is.

    Args:
        addresses: new ones by old ones, of the starts of all buffers that it names directly.
    """

    def relocated(reference: Reference) -> Reference:
        if reference.slot != SLOT_DIRECT:
            return reference
        start = max(address for address in addresses if address <= reference.address)
        return reference._replace(address=addresses[start] + reference.address - start)

    return build_program([_with_references(record, relocated) for record in decode_records(program)])


def _with_references(record: Record, change: Callable[[Reference], Reference]) -> Record:
    match record:
        case DispatchRecord(bindings=bindings, indirect_count=count):
            indirect_count = None if count is None else change(count)
            return record._replace(bindings=tuple(map(change, bindings)), indirect_count=indirect_count)
        case FillRecord(target) | UpdateRecord(_, target):
            return record._replace(target=change(target))
        case CopyRecord(source, target):
            return CopyRecord(change(source), change(target))
