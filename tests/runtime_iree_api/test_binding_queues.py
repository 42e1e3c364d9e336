"""Queue operations, command buffers and profiling of devices under IREE's names."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer.runtime as rt


@pytest.fixture(params=["local-sync", "local-task"])
def device(request: pytest.FixtureRequest) -> rt.HalDevice:
    return rt.get_device(request.param)


def allocate(device: rt.HalDevice, length: int) -> rt.HalBuffer:
    return device.allocator.allocate_buffer(rt.MemoryType.DEVICE_LOCAL, rt.BufferUsage.DEFAULT, length)


def contents(buffer: rt.HalBuffer) -> bytes:
    return bytes(buffer.map())


def fill(device: rt.HalDevice, buffer: rt.HalBuffer, byte: int) -> None:
    buffer.map().asarray([buffer.byte_length()], np.uint8)[:] = byte


def test_memory_is_allocated_copied_and_freed_in_order(device: rt.HalDevice) -> None:
    semaphore = device.create_semaphore(0)
    source, target = allocate(device, 8), allocate(device, 12)
    fill(device, source, 7)
    fill(device, target, 1)
    transient = device.queue_alloca(64, wait_semaphores=[(semaphore, 1)], signal_semaphores=[(semaphore, 2)])
    device.queue_copy(
        source,
        target,
        wait_semaphores=rt.HalFence.create_at(semaphore, 2),
        signal_semaphores=rt.HalFence.create_at(semaphore, 3),
    )
    device.queue_dealloca(transient, [(semaphore, 3)], rt.HalFence.create_at(semaphore, 4))
    assert semaphore.query() == 0
    semaphore.signal(1)
    assert semaphore.wait(4, timeout=10**10)
    assert contents(target) == b"\7" * 8 + b"\1" * 4


def test_copies_must_fit(device: rt.HalDevice) -> None:
    with pytest.raises(ValueError, match="length must be less than"):
        device.queue_copy(allocate(device, 13), allocate(device, 12), [], [])


def test_command_buffers_are_recorded_and_executed(device: rt.HalDevice) -> None:
    source, target = allocate(device, 8), allocate(device, 16)
    fill(device, source, 9)
    commands = rt.HalCommandBuffer(device)
    commands.fill(target, np.int32(1))
    commands.copy(source, target, source_offset=4, target_offset=8, length=4, end=True)
    semaphore = device.create_semaphore(0)
    device.queue_execute(commands, wait_semaphores=[(semaphore, 0)], signal_semaphores=[(semaphore, 1)])
    assert semaphore.wait(1, timeout=10**10)
    assert contents(target) == np.array([1, 1, 0x09090909, 1], np.int32).tobytes()


def test_command_buffers_are_begun_and_ended_once(device: rt.HalDevice) -> None:
    commands = rt.HalCommandBuffer(device)
    with pytest.raises(RuntimeError, match="FAILED_PRECONDITION"):
        commands.begin()
    commands = rt.HalCommandBuffer(device, begin=False)
    commands.begin()
    commands.end()
    with pytest.raises(RuntimeError, match="FAILED_PRECONDITION"):
        commands.end()


def test_a_copy_without_a_length_must_fit(device: rt.HalDevice) -> None:
    commands = rt.HalCommandBuffer(device)
    commands.copy(allocate(device, 8), allocate(device, 9))
    with pytest.raises(ValueError, match="give a length"):
        commands.copy(allocate(device, 8), allocate(device, 9), target_offset=2)


def test_profiling_needs_a_sink(device: rt.HalDevice) -> None:
    device.begin_profiling()
    device.flush_profiling()
    device.end_profiling()
    with pytest.raises(ValueError, match="profile sink"):
        device.begin_profiling(mode="queue-events")
    with pytest.raises(NotImplementedError, match="UNIMPLEMENTED"):
        device.begin_external_capture("renderdoc")
    with pytest.raises(NotImplementedError, match="UNIMPLEMENTED"):
        device.end_external_capture()
