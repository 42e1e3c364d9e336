"""What is in a program: its records again, and how long it will take.

In: a program. Out: records, in order; an estimate in nanoseconds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from gossamer.hal.command.command_program import CommandProgram
from gossamer.hal.command.record_layout import (
    COPY,
    COUNTS,
    COUNTS_OFFSET,
    FILL,
    HEADER,
    INDIRECT_AND_TIME,
    INDIRECT_AND_TIME_OFFSET,
    RECORD,
    REFERENCE,
    SLOT_IN_RECORD,
    RecordKind,
    dispatch_layout,
)
from gossamer.hal.command.records import (
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Record,
    Reference,
    UpdateRecord,
)
from gossamer.hal.executable import ExecutableFunction

_TRANSFER_BYTES_PER_NANOSECOND = 4


def decode_records(program: CommandProgram) -> Iterator[Record]:
    """The records of a program, in order."""
    memory, offset = program.memory, HEADER.size
    for function in program.functions:
        kind, words = RECORD.unpack_from(memory, offset)
        if function is not None:
            yield _decode_dispatch(function, bytes(memory[offset : offset + 8 * words]))
        elif kind == RecordKind.FILL:
            _, _, pattern, *target, length = FILL.unpack_from(memory, offset)
            yield FillRecord(Reference(*target), pattern, length)
        else:
            values = COPY.unpack_from(memory, offset)
            source, target = Reference(*values[2:5]), Reference(*values[5:])
            if source.slot == SLOT_IN_RECORD:
                start = offset + source.address
                yield UpdateRecord(bytes(memory[start : start + source.length]), target)
            else:
                yield CopyRecord(source, target)
        offset += 8 * words


def expected_nanoseconds(program: CommandProgram, *, uses_times: bool) -> int | None:
    """Estimate of how long a program takes on one thread; None where something of it is not known yet.

    Args:
        uses_times: estimate dispatches by what their workgroups took before; else they are not known.
    """
    memory, offset = program.memory, HEADER.size
    length, nanoseconds = 0, 0
    for function in program.functions:
        kind, words = RECORD.unpack_from(memory, offset)
        if function is not None:
            indirect, address = INDIRECT_AND_TIME.unpack_from(memory, offset + INDIRECT_AND_TIME_OFFSET)
            if indirect or not address or not uses_times:
                return None
            # Safety: the command buffer holds the executable, whose memory it is.
            time = ctypes.c_uint32.from_address(address).value
            if not time:
                return None
            x, y, z = COUNTS.unpack_from(memory, offset + COUNTS_OFFSET)
            nanoseconds += time * x * y * z
        else:
            target_offset = 16 if kind == RecordKind.FILL else 32
            _, _, target_length = REFERENCE.unpack_from(memory, offset + target_offset)
            if target_length < 0:
                return None
            length += target_length
        offset += 8 * words
    return nanoseconds + length // _TRANSFER_BYTES_PER_NANOSECOND


def _decode_dispatch(function: ExecutableFunction, encoded: bytes) -> DispatchRecord:
    layout = dispatch_layout(function.constant_count, function.binding_count)
    start, *values = layout.unpack_from(encoded)
    references = values[3 + function.constant_count :]
    indirect, time_address = INDIRECT_AND_TIME.unpack_from(start, INDIRECT_AND_TIME_OFFSET)
    return DispatchRecord(
        function,
        (values[0], values[1], values[2]),
        tuple(values[3 : 3 + function.constant_count]),
        tuple(Reference(*references[place : place + 3]) for place in range(0, len(references), 3)),
        Reference(*REFERENCE.unpack_from(encoded, indirect)) if indirect else None,
        time_address,
    )
