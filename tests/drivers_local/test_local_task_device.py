"""What `local-task` runs where: brief work in the submitting thread, the rest on workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gossamer.drivers.local.task_device import TaskDevice
from gossamer.drivers.local.workers.worker_options import WorkerOptions
from gossamer.errors import ResourceExhaustedError
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.executable import DispatchCall, Executable, ExecutableFunction, WorkgroupCallable
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.timeline.fence import Fence
from hal_kernels import WORK, native_executable

ANY = -1
WAIT_SECONDS = 20
ROOT = Path(__file__).parents[2]


@pytest.fixture
def device() -> Iterator[TaskDevice]:
    device = TaskDevice("local-task", workers=WorkerOptions(2))
    yield device
    device.close()


def work(device: TaskDevice, spins: int) -> CommandBuffer:
    buffers: list[Buffer] = [device.allocator.allocate_buffer(64) for _ in range(2)]
    commands = device.create_command_buffer()
    commands.dispatch(
        native_executable(), WORK, (2, 1, 1), [spins, -1], [BufferRef(buffer) for buffer in buffers]
    )
    commands.finalize()
    return commands


def test_brief_work_is_done_when_its_submission_returns(device: TaskDevice) -> None:
    commands = work(device, 1)
    assert commands.expected_nanoseconds is None
    deadline = time.monotonic() + WAIT_SECONDS
    while (commands.expected_nanoseconds or 1 << 60) >= 30_000:
        first = Fence.create()
        device.queue_execute(ANY, None, first, commands)
        first.wait(WAIT_SECONDS)
        assert time.monotonic() < deadline
    second = Fence.create()
    device.queue_execute(ANY, None, second, commands)

    assert second.is_reached


def test_long_work_is_not_waited_for(device: TaskDevice) -> None:
    release = threading.Event()

    def kernel(call: DispatchCall) -> WorkgroupCallable:
        return lambda x, y, z: (release.wait(WAIT_SECONDS), None)[1]

    commands = device.create_command_buffer()
    commands.dispatch(Executable([ExecutableFunction("wait", 0, kernel=kernel)]), 0, (1, 1, 1))
    commands.finalize()
    for _ in range(2):
        done = Fence.create()
        device.queue_execute(ANY, None, done, commands)
        assert not done.is_reached
        release.set()
        done.wait(WAIT_SECONDS)
        release.clear()


def test_work_that_is_only_waited_for_runs_where_it_is_submitted(device: TaskDevice) -> None:
    commands = work(device, 1)
    commands.expected_nanoseconds = 1_000_000

    assert device.submit_execute(ANY, None, commands) is None


def test_work_that_takes_long_or_has_special_workers_goes_to_a_worker(device: TaskDevice) -> None:
    commands = work(device, 1)
    commands.expected_nanoseconds = 1_000_000_000
    done = device.submit_execute(ANY, None, commands)
    assert done is not None
    done.wait(WAIT_SECONDS)
    special = TaskDevice("local-task", workers=WorkerOptions(2, stack_bytes=1 << 20))
    commands = work(special, 1)
    commands.expected_nanoseconds = 1_000_000
    done = special.submit_execute(ANY, None, commands)
    assert done is not None
    done.wait(WAIT_SECONDS)
    special.close()


def test_one_submitting_thread_at_a_time_is_at_work(device: TaskDevice) -> None:
    release, is_inside = threading.Event(), threading.Event()

    def kernel(call: DispatchCall) -> WorkgroupCallable:
        return lambda x, y, z: (is_inside.set(), release.wait(WAIT_SECONDS), None)[2]

    commands = device.create_command_buffer()
    commands.dispatch(Executable([ExecutableFunction("wait", 0, kernel=kernel)]), 0, (1, 1, 1))
    commands.finalize()
    commands.expected_nanoseconds = 1_000_000
    submitter = threading.Thread(target=device.submit_execute, args=(ANY, None, commands))
    submitter.start()
    assert is_inside.wait(WAIT_SECONDS)
    done = device.submit_execute(ANY, None, commands)
    release.set()
    submitter.join()

    assert done is not None
    done.wait(WAIT_SECONDS)


def test_small_transfers_are_brief_and_large_ones_are_not(device: TaskDevice) -> None:
    buffer = device.allocator.allocate_buffer(1 << 22)
    for length, is_brief in ((4096, True), (1 << 22, False)):
        commands = device.create_command_buffer()
        commands.fill_buffer(BufferRef(buffer, 0, length), 0, 1)
        commands.finalize()

        assert commands.expected_nanoseconds is not None
        assert (commands.expected_nanoseconds < 30_000) == is_brief


def test_lengths_that_are_not_known_are_not_guessed() -> None:
    commands = CommandBuffer(binding_capacity=1)
    commands.fill_buffer(BufferRef(None, 0, -1, 0), 0, 1)
    commands.finalize()

    assert commands.expected_nanoseconds is None


def test_closing_waits_for_what_was_submitted(device: TaskDevice) -> None:
    order: list[int] = []
    for index in range(20):
        device.queue_host_call(ANY, None, None, lambda index=index: order.append(index))
    device.close()

    assert sorted(order) == list(range(20))


def test_workers_stay_on_their_processors() -> None:
    processors = sorted(os.sched_getaffinity(0))[:1]
    device = TaskDevice("local-task", workers=WorkerOptions(2, tuple(processors), stack_bytes=12 << 20))
    seen: list[set[int]] = []
    done = Fence.create()
    device.queue_host_call(ANY, None, done, lambda: seen.append(os.sched_getaffinity(0)))
    done.wait(WAIT_SECONDS)
    run = Fence.create()
    device.queue_execute(ANY, None, run, work(device, 100))
    run.wait(WAIT_SECONDS)
    device.close()

    assert seen == [set(processors)]


def test_workgroups_that_need_more_local_memory_than_there_is() -> None:
    device = TaskDevice("local-task", workers=WorkerOptions(2, local_memory_bytes=64))
    signal = Fence.create()
    device.queue_execute(ANY, None, signal, work(device, 1))

    with pytest.raises(ResourceExhaustedError, match=r"needs 100 bytes of local memory .* which has 64"):
        signal.wait(WAIT_SECONDS)
    device.close()


ABORT = """
from gossamer.hal.timeline.fence import Fence
from gossamer.drivers.local.task_device import TaskDevice
from gossamer.drivers.local.workers.worker_options import WorkerOptions
import sys
sys.path.insert(0, "tests")
from hal_kernels import FAIL, native_executable
device = TaskDevice("local-task", workers=WorkerOptions(1, abort_on_failure=True))
commands = device.create_command_buffer()
commands.dispatch(native_executable(), FAIL, (8, 1, 1))
commands.finalize()
signal = Fence.create()
device.queue_execute(-1, None, signal, commands)
signal.wait(20)
"""


def test_a_failure_may_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", ABORT], capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == -signal.SIGABRT
    assert "queue operation failed, aborting as asked: ABORTED" in done.stderr
