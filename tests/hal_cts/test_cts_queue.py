"""Queue operations: order by fences, failures, deferral."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from queue_operands import ANY, WAIT_SECONDS, zeros

from gossamer.errors import (
    AbortedError,
    DeadlineExceededError,
    InternalStatusError,
    StatusCode,
)
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.semaphore import Semaphore


def test_a_barrier_signals_when_its_wait_is_reached(device: Device) -> None:
    wait, signal = Fence.create(), Fence.create()
    device.queue_barrier(ANY, wait, signal)
    assert signal.query() is StatusCode.DEFERRED
    wait.signal()

    signal.wait(WAIT_SECONDS)


def test_null_fences_are_ready_and_tell_nobody(device: Device) -> None:
    done = Fence.create()
    device.queue_barrier(ANY, None, None)
    device.queue_barrier(ANY, None, done)

    done.wait(WAIT_SECONDS)


def test_the_signaller_may_come_later_in_the_same_thread(device: Device) -> None:
    target = zeros(device, 8)
    timeline = Semaphore()
    device.queue_update(ANY, Fence.at(timeline, 1), Fence.at(timeline, 2), b"late", BufferRef(target, 0, 4))
    assert timeline.value == 0
    timeline.signal(1)
    timeline.wait(2, WAIT_SECONDS)

    assert bytes(target.map(0, 4)) == b"late"


def test_a_failed_wait_fails_the_signal_and_skips_the_work(device: Device) -> None:
    target = zeros(device, 8)
    wait, signal, last = Fence.create(), Fence.create(), Fence.create()
    device.queue_fill(ANY, wait, signal, BufferRef(target), 1, 1)
    device.queue_barrier(ANY, signal, last)
    wait.fail(AbortedError("the producer gave up"))

    for fence in (signal, last):
        with pytest.raises(AbortedError, match="the producer gave up"):
            fence.wait(WAIT_SECONDS)
    assert not target.to_numpy().any()


def test_one_failed_timepoint_of_a_join_is_enough(device: Device) -> None:
    first, second, signal = Fence.create(), Fence.create(), Fence.create()
    device.queue_barrier(ANY, Fence.join([first, second]), signal)
    second.fail(AbortedError("second"))

    with pytest.raises(AbortedError, match="second"):
        signal.wait(WAIT_SECONDS)


def test_a_host_call_runs_in_order_and_its_error_fails_the_fence(device: Device) -> None:
    first, second, third = Fence.create(), Fence.create(), Fence.create()
    order: list[int] = []

    def faulty() -> None:
        raise KeyError("mine")

    device.queue_host_call(ANY, first, second, lambda: order.append(2))
    device.queue_host_call(ANY, None, first, lambda: order.append(1))
    device.queue_host_call(ANY, second, third, faulty)

    with pytest.raises(InternalStatusError, match="KeyError"):
        third.wait(WAIT_SECONDS)
    assert order == [1, 2]


def test_a_timed_out_wait_says_so(device: Device) -> None:
    signal = Fence.create()
    device.queue_barrier(ANY, Fence.create(), signal)

    with pytest.raises(DeadlineExceededError, match="timed out"):
        signal.wait(0.01)


def test_fences_can_be_waited_for_by_several_threads(device: Device) -> None:
    start, done = Fence.create(), Fence.create()
    buffer = zeros(device, 1024)
    reached: list[bool] = []
    threads = [
        threading.Thread(target=lambda: (done.wait(WAIT_SECONDS), reached.append(True))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    device.queue_fill(ANY, start, done, BufferRef(buffer), 1, 1)
    start.signal()
    for thread in threads:
        thread.join(WAIT_SECONDS)

    assert reached == [True] * 4


def test_many_threads_share_a_device(device: Device) -> None:
    """Chains of dependent operations from several threads, in bounded time."""
    begun = time.monotonic()
    failures: list[str] = []

    def chain(seed: int) -> None:
        generator = np.random.default_rng(seed)
        buffer = zeros(device, 256)
        expected = np.zeros(256, np.uint8)
        timeline = Semaphore()
        for step in range(60):
            offset = int(generator.integers(0, 200))
            length = int(generator.integers(1, 50))
            wait, signal = Fence.at(timeline, step), Fence.at(timeline, step + 1)
            device.queue_fill(ANY, wait, signal, BufferRef(buffer, offset, length), step, 1)
            expected[offset : offset + length] = step
        timeline.wait(60, WAIT_SECONDS)
        if not np.array_equal(buffer.to_numpy(), expected):
            failures.append(f"thread {seed}")

    threads = [threading.Thread(target=chain, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)

    assert failures == []
    assert time.monotonic() - begun < WAIT_SECONDS


def test_a_long_chain_waits_for_one_signal(device: Device) -> None:
    length = 3000
    timeline = Semaphore()
    for step in range(1, length):
        device.queue_barrier(ANY, Fence.at(timeline, step), Fence.at(timeline, step + 1))
    timeline.signal(1)

    timeline.wait(length, WAIT_SECONDS)


def test_submissions_make_their_signal_fence_where_it_is_needed(device: Device) -> None:
    buffer = zeros(device, 64)
    commands = device.create_command_buffer()
    commands.fill_buffer(BufferRef(buffer), 7, 1)
    commands.finalize()
    wait = Fence.create()
    done = device.submit_execute(ANY, wait, commands)
    assert done is not None
    assert not done.is_reached
    barrier = device.submit_barrier(ANY, done)
    freed = device.submit_dealloca(ANY, barrier, buffer)
    assert not buffer.is_deallocated
    wait.signal()
    for fence in (done, barrier, freed):
        assert fence is not None
        fence.wait(WAIT_SECONDS)

    assert buffer.is_deallocated
    for fence in (device.submit_barrier(ANY, done), device.submit_dealloca(ANY, None, buffer)):
        if fence is not None:
            fence.wait(WAIT_SECONDS)


def test_a_submission_that_fails_fails_its_own_fence(device: Device) -> None:
    wait = Fence.create()
    commands = device.create_command_buffer()
    commands.finalize()
    done = device.submit_execute(ANY, wait, commands)
    wait.fail(AbortedError("no"))

    assert done is not None
    with pytest.raises(AbortedError, match="no"):
        done.wait(WAIT_SECONDS)
