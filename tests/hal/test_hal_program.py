"""Programs: what is encoded is found again."""

from __future__ import annotations

import ctypes

from gossamer.hal.command.command_program import build_program
from gossamer.hal.command.program_reader import decode_records, expected_nanoseconds
from gossamer.hal.command.program_relocation import relocate_program
from gossamer.hal.command.records import (
    SLOT_DIRECT,
    CopyRecord,
    DispatchRecord,
    FillRecord,
    Record,
    Reference,
    UpdateRecord,
)
from hal_kernels import COUNT, HALVE, native_executable


def records() -> list[Record]:
    """One of each kind; 0x1000 and 0x2000 are where buffers of 256 bytes begin."""
    first, second = Reference(SLOT_DIRECT, 0x1010, 16), Reference(SLOT_DIRECT, 0x2000, 16)
    slot = Reference(3, 8, -1)
    count, halve = native_executable().function(COUNT), native_executable().function(HALVE)
    return [
        FillRecord(first, 0x0102030405060708, 8),
        DispatchRecord(count, (3, 2, 1), (7,), (first,), time_address=0),
        CopyRecord(slot, second),
        DispatchRecord(halve, (0, 0, 0), (), (second, slot), indirect_count=first),
        UpdateRecord(b"odd", Reference(SLOT_DIRECT, 0x2004, 3)),
    ]


def test_decoding_gives_what_was_encoded() -> None:
    program = build_program(records())

    assert list(decode_records(program)) == records()
    assert program.is_native
    assert program.has_indirect_counts
    assert not build_program(records()[:3]).has_indirect_counts


def test_direct_references_are_relocated_and_slots_are_not() -> None:
    program = relocate_program(build_program(records()), {0x1000: 0x5000, 0x2000: 0x7000})

    fill, count, copy, halve, update = decode_records(program)
    assert isinstance(fill, FillRecord)
    assert fill.target.address == 0x5010
    assert isinstance(count, DispatchRecord)
    assert count.bindings[0].address == 0x5010
    assert copy == CopyRecord(Reference(3, 8, -1), Reference(SLOT_DIRECT, 0x7000, 16))
    assert isinstance(halve, DispatchRecord)
    assert [reference.address for reference in halve.bindings] == [0x7000, 8]
    assert halve.indirect_count == Reference(SLOT_DIRECT, 0x5010, 16)
    assert update == UpdateRecord(b"odd", Reference(SLOT_DIRECT, 0x7004, 3))


def test_estimates_need_lengths_and_times() -> None:
    time = ctypes.c_uint32(50)
    dispatch = DispatchRecord(
        native_executable().function(COUNT),
        (3, 2, 1),
        (0,),
        (Reference(0, 0, 24),),
        time_address=ctypes.addressof(time),
    )
    fill = FillRecord(Reference(0, 0, 400), 0, 1)
    program = build_program([fill, dispatch])

    assert expected_nanoseconds(program, uses_times=True) == 100 + 6 * 50
    assert expected_nanoseconds(program, uses_times=False) is None
    assert expected_nanoseconds(build_program([fill]), uses_times=False) == 100
    assert expected_nanoseconds(build_program(records()), uses_times=True) is None
    time.value = 0
    assert expected_nanoseconds(program, uses_times=True) is None
