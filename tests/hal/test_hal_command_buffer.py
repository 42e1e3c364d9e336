"""From recorded commands to executions, and the errors; what commands do is in tests/hal_cts."""

from __future__ import annotations

import pytest

from gossamer.abi.command_flags import CommandBufferMode
from gossamer.drivers.local.runner.runner import runner_for
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


@pytest.fixture
def buffer() -> Buffer:
    return HeapAllocator().allocate_buffer(64)


def test_recording_ends_once() -> None:
    commands = CommandBuffer()
    with pytest.raises(FailedPreconditionError, match="still being recorded"):
        commands.prepare([])
    commands.finalize()

    with pytest.raises(FailedPreconditionError):
        commands.finalize()
    with pytest.raises(FailedPreconditionError, match="not in a recording state"):
        commands.execution_barrier()


def test_tables_are_checked_when_given(buffer: Buffer) -> None:
    commands = CommandBuffer(binding_capacity=4)
    commands.fill_buffer(BufferRef(None, 8, 16, slot=2), 0, 1)
    commands.finalize()

    assert commands.binding_count == 3
    with pytest.raises(InvalidArgumentError, match="at least 3 bindings but no binding table"):
        commands.prepare([])
    with pytest.raises(OutOfRangeError, match="at least 3 bindings but only 2"):
        commands.prepare([(None, 0, 0), (None, 0, 0)])
    with pytest.raises(InvalidArgumentError, match="requires a buffer but none"):
        commands.prepare([(None, 0, 0)] * 3)
    with pytest.raises(OutOfRangeError, match="outside of the valid bound buffer"):
        commands.prepare([(None, 0, 0), (None, 0, 0), (buffer, 0, 23)])
    with pytest.raises(OutOfRangeError):
        commands.prepare([(None, 0, 0), (None, 0, 0), (buffer, 60, 24)])
    with pytest.raises(OutOfRangeError):
        commands.prepare([(None, 0, 0), (None, 0, 0), (buffer, -8, 24)])
    with pytest.raises(PermissionDeniedError):
        commands.prepare([(None, 0, 0), (None, 0, 0), (Buffer.wrap(b"x" * 24), 0, 24)])
    commands.prepare([(None, 0, 0), (None, 0, 0), (buffer, 40, -1)])


def test_a_one_shot_command_buffer_is_submitted_once() -> None:
    commands = CommandBuffer(CommandBufferMode.ONE_SHOT)
    commands.finalize()
    commands.prepare([])

    with pytest.raises(FailedPreconditionError, match="submitted before"):
        commands.prepare([])


def test_what_no_device_made_only_records() -> None:
    commands = CommandBuffer()
    with pytest.raises(FailedPreconditionError, match="still being recorded"):
        commands.run(b"")
    commands.finalize()

    with pytest.raises(FailedPreconditionError, match="made without a device"):
        commands.run(b"")


def test_updates_take_the_bytes_of_now(buffer: Buffer) -> None:
    commands = CommandBuffer(make_runner=runner_for)
    source = bytearray(b"before")
    commands.update_buffer(memoryview(source), BufferRef(buffer, 0, 6))
    source[:] = b"after!"
    commands.finalize()
    commands.run(commands.prepare([]))

    assert bytes(buffer.map(0, 6)) == b"before"
