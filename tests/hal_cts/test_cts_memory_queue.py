"""Queue operations on memory: allocation, transfers, files."""

from __future__ import annotations

import pytest
from queue_operands import ANY, WAIT_SECONDS, zeros

from gossamer.errors import (
    AbortedError,
    FailedPreconditionError,
    InvalidArgumentError,
    OutOfRangeError,
    StatusCode,
)
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.file import File
from gossamer.hal.timeline.fence import Fence


def test_a_fill_then_a_copy_in_fence_order(device: Device) -> None:
    source, target = zeros(device, 64), zeros(device, 64)
    filled, copied = Fence.create(), Fence.create()
    device.queue_copy(ANY, filled, copied, BufferRef(source, 0, 32), BufferRef(target, 16, 32))
    device.queue_fill(ANY, None, filled, BufferRef(source, 0, 64), 0x0201, 2)
    copied.wait(WAIT_SECONDS)

    assert bytes(target.map()) == bytes(16) + b"\x01\x02" * 16 + bytes(16)


def test_update_takes_the_bytes_of_the_submission(device: Device) -> None:
    target = zeros(device, 8)
    wait, signal = Fence.create(), Fence.create()
    source = bytearray(b"then")
    device.queue_update(ANY, wait, signal, memoryview(source), BufferRef(target, 0, 4))
    source[:] = b"now!"
    wait.signal()
    signal.wait(WAIT_SECONDS)

    assert bytes(target.map(0, 4)) == b"then"


def test_bad_arguments_are_raised_at_once(device: Device) -> None:
    buffer, signal = zeros(device, 8), Fence.create()
    with pytest.raises(OutOfRangeError):
        device.queue_fill(ANY, None, signal, BufferRef(buffer, 4, 8), 0, 1)
    with pytest.raises(InvalidArgumentError):
        device.queue_fill(ANY, None, signal, BufferRef(buffer, 0, 8), 0, 3)
    with pytest.raises(InvalidArgumentError):
        device.queue_copy(ANY, None, signal, BufferRef(buffer, 0, 8), BufferRef(buffer, 0, 8))

    assert signal.query() is StatusCode.DEFERRED


def test_alloca_returns_at_once_and_is_usable_in_order(device: Device) -> None:
    start, allocated, filled, freed = (Fence.create() for _ in range(4))
    buffer = device.queue_alloca(ANY, start, allocated, 4096)
    assert allocated.query() is StatusCode.DEFERRED
    copy = zeros(device, 4096)
    copied = Fence.create()
    device.queue_fill(ANY, allocated, filled, BufferRef(buffer), 7, 1)
    device.queue_copy(ANY, filled, copied, BufferRef(buffer, 0, 4096), BufferRef(copy, 0, 4096))
    device.queue_dealloca(ANY, copied, freed, buffer)
    assert not buffer.is_deallocated
    start.signal()
    freed.wait(WAIT_SECONDS)

    assert buffer.is_deallocated
    assert (copy.to_numpy() == 7).all()
    with pytest.raises(FailedPreconditionError, match="deallocated"):
        device.queue_fill(ANY, None, None, BufferRef(buffer), 0, 1)


def test_memory_of_a_deallocated_buffer_is_used_again(device: Device) -> None:
    done = Fence.create()
    buffer = device.queue_alloca(ANY, None, None, 50_000)
    address = buffer.address
    device.queue_dealloca(ANY, None, done, buffer)
    done.wait(WAIT_SECONDS)
    del buffer

    assert device.queue_alloca(ANY, None, None, 50_000).address == address


def test_dealloca_of_a_failed_wait_keeps_the_contents(device: Device) -> None:
    buffer = device.queue_alloca(ANY, None, None, 64)
    wait, signal = Fence.create(), Fence.create()
    device.queue_dealloca(ANY, wait, signal, buffer)
    wait.fail(AbortedError("no"))

    with pytest.raises(AbortedError):
        signal.wait(WAIT_SECONDS)
    assert not buffer.is_deallocated


def test_files_are_read_and_written(device: Device) -> None:
    contents = bytearray(b"0123456789")
    buffer = zeros(device, 16)
    read, written = Fence.create(), Fence.create()
    device.queue_write(ANY, read, written, BufferRef(buffer, 4, 4), File(contents, read_only=False), 1)
    device.queue_read(ANY, None, read, File(contents), 6, BufferRef(buffer, 4, 4))
    written.wait(WAIT_SECONDS)

    assert contents == b"0678956789"
