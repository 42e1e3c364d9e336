"""Command buffers on every device: direct, with binding tables, reused, at the same time."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from gossamer.abi.command_flags import CommandBufferMode
from gossamer.errors import AbortedError, OutOfRangeError, StatusCode
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.timeline.fence import Fence
from hal_kernels import COUNT, FAIL, HALVE

ANY = -1
WAIT_SECONDS = 20


def floats(device: Device, values: np.ndarray) -> Buffer:
    buffer = device.allocator.allocate_buffer(values.size * 4)
    buffer.to_numpy().view(np.float32)[:] = values
    return buffer


def execute(device: Device, commands: CommandBuffer, *bindings: tuple[Buffer, int, int]) -> None:
    done = Fence.create()
    device.queue_execute(ANY, None, done, commands, bindings)
    done.wait(WAIT_SECONDS)


@pytest.fixture
def halve(device: Device, executable: Executable) -> CommandBuffer:
    """Halves four floats of slot 0 into slot 1."""
    commands = device.create_command_buffer(binding_capacity=2)
    bindings = [BufferRef(None, 0, 16, 0), BufferRef(None, 0, 16, 1)]
    commands.dispatch(executable, HALVE, (4, 1, 1), [], bindings)
    commands.execution_barrier()
    commands.finalize()
    return commands


@pytest.mark.needs("executes")
def test_one_shot_with_direct_buffers(device: Device, executable: Executable) -> None:
    source = floats(device, np.array([2, 4, 6, 8]))
    target = floats(device, np.zeros(4))
    commands = device.create_command_buffer(
        CommandBufferMode.ONE_SHOT | CommandBufferMode.ALLOW_INLINE_EXECUTION
    )
    commands.dispatch(executable, HALVE, (4, 1, 1), [], [BufferRef(source), BufferRef(target)])
    commands.finalize()
    execute(device, commands)

    np.testing.assert_array_equal(target.to_numpy().view(np.float32), [1, 2, 3, 4])


@pytest.mark.needs("executes")
def test_reused_with_other_tables(device: Device, halve: CommandBuffer) -> None:
    for start in range(5):
        source = floats(device, np.arange(start, start + 8))
        target = floats(device, np.zeros(8))
        execute(device, halve, (source, 8, 16), (target, 16, 16))

        expected = np.concatenate([np.zeros(4), np.arange(start + 2, start + 6) / 2])
        np.testing.assert_array_equal(target.to_numpy().view(np.float32), expected)


@pytest.mark.needs("executes")
def test_commands_run_in_order(device: Device, executable: Executable) -> None:
    buffer = device.allocator.allocate_buffer(64)
    commands = device.create_command_buffer()
    commands.fill_buffer(BufferRef(buffer, 0, 64), 10, 4)
    commands.execution_barrier()
    commands.dispatch(executable, COUNT, (16, 1, 1), [4], [BufferRef(buffer)])
    commands.execution_barrier()
    commands.copy_buffer(BufferRef(buffer, 0, 4), BufferRef(buffer, 60, 4))
    commands.execution_barrier()
    commands.dispatch(executable, COUNT, (16, 1, 1), [-1], [BufferRef(buffer)])
    commands.finalize()
    execute(device, commands)

    assert list(buffer.to_numpy().view(np.int32)) == [15] * 16


@pytest.mark.needs("executes")
def test_the_table_may_be_dropped_after_submission(device: Device, halve: CommandBuffer) -> None:
    start, done = Fence.create(), Fence.create()
    target = floats(device, np.zeros(4))
    source = floats(device, np.full(4, 6.0))
    device.queue_execute(ANY, start, done, halve, [(source, 0, 16), (target, 0, 16)])
    del source
    held = [floats(device, np.zeros(4)) for _ in range(4)]
    start.signal()
    done.wait(WAIT_SECONDS)

    np.testing.assert_array_equal(target.to_numpy().view(np.float32), [3, 3, 3, 3])
    assert len(held) == 4


def test_bad_tables_are_raised_at_once(device: Device, halve: CommandBuffer) -> None:
    source, done = floats(device, np.zeros(4)), Fence.create()
    with pytest.raises(OutOfRangeError):
        device.queue_execute(ANY, None, done, halve, [(source, 0, 16), (source, 4, 16)])

    assert done.query() is StatusCode.DEFERRED


@pytest.mark.needs("executes")
def test_a_failing_dispatch_fails_the_fence_and_what_follows(device: Device, executable: Executable) -> None:
    commands = device.create_command_buffer()
    commands.dispatch(executable, FAIL, (8, 1, 1))
    commands.finalize()
    first, second = Fence.create(), Fence.create()
    device.queue_execute(ANY, None, first, commands)
    device.queue_barrier(ANY, first, second)

    for fence in (first, second):
        with pytest.raises(AbortedError, match="workgroup failed with code 10"):
            fence.wait(WAIT_SECONDS)


@pytest.mark.needs("executes")
def test_a_device_works_on_after_a_failure(
    device: Device, executable: Executable, halve: CommandBuffer
) -> None:
    failing = device.create_command_buffer()
    failing.dispatch(executable, FAIL, (8, 1, 1))
    failing.finalize()
    device.queue_execute(ANY, None, Fence.create(), failing)
    source, target = floats(device, np.full(4, 2.0)), floats(device, np.zeros(4))
    execute(device, halve, (source, 0, -1), (target, 0, -1))

    assert target.to_numpy().view(np.float32).sum() == 4


@pytest.mark.needs("executes")
def test_one_command_buffer_runs_many_times_at_once(device: Device, halve: CommandBuffer) -> None:
    sources = [floats(device, np.full(4, float(index))) for index in range(40)]
    targets = [floats(device, np.zeros(4)) for _ in sources]
    fences = [Fence.create() for _ in sources]

    def submit(part: range) -> None:
        for index in part:
            table = [(sources[index], 0, 16), (targets[index], 0, 16)]
            device.queue_execute(ANY, None, fences[index], halve, table)

    threads = [threading.Thread(target=submit, args=(range(start, 40, 4),)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    for fence in fences:
        fence.wait(WAIT_SECONDS)

    for index, target in enumerate(targets):
        assert (target.to_numpy().view(np.float32) == index / 2).all()


@pytest.mark.needs("executes")
def test_a_fence_chain_of_command_buffers(device: Device, halve: CommandBuffer) -> None:
    buffers = [floats(device, np.full(4, 1024.0)), *(floats(device, np.zeros(4)) for _ in range(10))]
    fences = [Fence.create() for _ in buffers]
    for index in reversed(range(10)):
        table = [(buffers[index], 0, 16), (buffers[index + 1], 0, 16)]
        device.queue_execute(ANY, fences[index], fences[index + 1], halve, table)
    fences[0].signal()
    fences[-1].wait(WAIT_SECONDS)

    assert (buffers[-1].to_numpy().view(np.float32) == 1).all()
