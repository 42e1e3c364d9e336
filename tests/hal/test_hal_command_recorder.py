"""What recording refuses; what commands do is in tests/hal_cts."""

from __future__ import annotations

import pytest

from gossamer.abi.command_flags import CommandCategory
from gossamer.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    OutOfRangeError,
    PermissionDeniedError,
)
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.heap_allocator import HeapAllocator
from hal_kernels import COUNT, HALVE, native_executable


@pytest.fixture
def buffer() -> Buffer:
    return HeapAllocator().allocate_buffer(64)


def test_debug_groups_balance() -> None:
    commands = CommandBuffer()
    commands.begin_debug_group("outer")
    with pytest.raises(FailedPreconditionError, match="unbalanced debug group depth"):
        commands.finalize()
    commands.end_debug_group()

    commands.finalize()


def test_categories_are_kept(buffer: Buffer) -> None:
    transfers = CommandBuffer(0, CommandCategory.TRANSFER)
    dispatches = CommandBuffer(0, CommandCategory.DISPATCH)
    with pytest.raises(FailedPreconditionError, match="requires categories DISPATCH"):
        transfers.dispatch(native_executable(), COUNT, (1, 1, 1), [0], [BufferRef(buffer)])
    with pytest.raises(FailedPreconditionError, match="requires categories TRANSFER"):
        dispatches.fill_buffer(BufferRef(buffer), 0, 1)


@pytest.mark.parametrize("length", [0, 3, 5, 16])
def test_fill_patterns_have_few_sizes(buffer: Buffer, length: int) -> None:
    with pytest.raises(InvalidArgumentError, match=f"pattern_length={length}"):
        CommandBuffer().fill_buffer(BufferRef(buffer), 0, length)


@pytest.mark.parametrize(("offset", "length"), [(2, 8), (0, 6)])
def test_fill_ranges_are_multiples_of_the_pattern(buffer: Buffer, offset: int, length: int) -> None:
    with pytest.raises(InvalidArgumentError, match="required alignment"):
        CommandBuffer().fill_buffer(BufferRef(buffer, offset, length), 0, 4)


def test_direct_ranges_are_checked_when_recorded(buffer: Buffer) -> None:
    commands = CommandBuffer()
    with pytest.raises(OutOfRangeError):
        commands.fill_buffer(BufferRef(buffer, 60, 8), 0, 1)
    with pytest.raises(OutOfRangeError):
        commands.update_buffer(b"x" * 65, BufferRef(buffer, 0, 65))
    with pytest.raises(OutOfRangeError):
        commands.dispatch(native_executable(), COUNT, (1, 1, 1), [0], [BufferRef(buffer, 0, 65)])


def test_copies_match_and_do_not_overlap(buffer: Buffer) -> None:
    commands = CommandBuffer()
    with pytest.raises(InvalidArgumentError, match="must match"):
        commands.copy_buffer(BufferRef(buffer, 0, 4), BufferRef(buffer, 8, 8))
    with pytest.raises(InvalidArgumentError, match="overlap"):
        commands.copy_buffer(BufferRef(buffer, 0, 8), BufferRef(buffer, 4, 8))
    commands.copy_buffer(BufferRef(buffer, 0, 8), BufferRef(buffer, 8, 8))


def test_read_only_buffers_are_not_written() -> None:
    constant = Buffer.wrap(b"constant")

    with pytest.raises(PermissionDeniedError, match="operation requires WRITE"):
        CommandBuffer().fill_buffer(BufferRef(constant), 0, 1)


def test_dispatches_match_their_function(buffer: Buffer) -> None:
    commands = CommandBuffer()
    with pytest.raises(InvalidArgumentError, match="constant count mismatch, expected 1 but was provided 0"):
        commands.dispatch(native_executable(), COUNT, (1, 1, 1), [], [BufferRef(buffer)])
    with pytest.raises(InvalidArgumentError, match="binding count mismatch, expected 2 but was provided 1"):
        commands.dispatch(native_executable(), HALVE, (1, 1, 1), [], [BufferRef(buffer)])
    with pytest.raises(OutOfRangeError, match="function id 9"):
        commands.dispatch(native_executable(), 9, (1, 1, 1))
    with pytest.raises(OutOfRangeError, match="workgroup count"):
        commands.dispatch(native_executable(), COUNT, (1, 1, 1 << 16), [0], [BufferRef(buffer)])


def test_slots_stay_within_the_capacity() -> None:
    commands = CommandBuffer(binding_capacity=1)
    commands.fill_buffer(BufferRef(None, 0, 8, slot=0), 0, 1)

    with pytest.raises(OutOfRangeError, match="slot 1 is out range"):
        commands.fill_buffer(BufferRef(None, 0, 8, slot=1), 0, 1)
    with pytest.raises(OutOfRangeError):
        commands.fill_buffer(BufferRef(None, 0, 8, slot=-1), 0, 1)
