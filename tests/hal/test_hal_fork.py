"""Copies of what a program's state holds: changes to one state must not reach the other."""

from __future__ import annotations

import numpy as np

from gossamer.drivers.local.runner.runner import runner_for
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.heap_allocator import HeapAllocator
from hal_kernels import COUNT, native_executable


def new_buffer(allocator: Allocator | None = None) -> Buffer:
    buffer = (allocator or HeapAllocator()).allocate_buffer(64)
    buffer.to_numpy()[:] = 0
    return buffer


def test_a_copied_buffer_has_memory_of_its_own() -> None:
    allocator = HeapAllocator()
    buffer = new_buffer(allocator)
    buffer.to_numpy()[3] = 7
    copy = buffer.fork_copy({})
    buffer.to_numpy()[4] = 8

    assert copy.to_numpy()[:5].tolist() == [0, 0, 0, 7, 0]
    assert allocator.statistics.live_bytes == 128


def test_subspans_of_one_buffer_stay_so() -> None:
    buffer = new_buffer()
    memo: dict[int, object] = {}
    first = buffer.subspan(0, 16).fork_copy(memo)
    second = buffer.subspan(8, 16).fork_copy(memo)
    whole = buffer.fork_copy(memo)
    first.to_numpy()[8] = 5

    assert second.to_numpy()[0] == 5
    assert whole.to_numpy()[8] == 5
    assert not buffer.to_numpy().any()


def test_constants_are_shared() -> None:
    constant = Buffer.wrap(bytes(8))

    assert constant.fork_copy({}) is constant


def test_foreign_memory_is_copied() -> None:
    array = np.zeros(8, np.uint8)
    copy = Buffer.wrap(array).fork_copy({})
    array[0] = 1

    assert copy.to_numpy()[0] == 0


def test_views_copy_their_buffer() -> None:
    view = BufferView(new_buffer(), [2, 8], 0x21000020)
    copy = view.fork_copy({})
    view.to_numpy()[0, 0] = 1

    assert copy.to_numpy()[0, 0] == 0
    assert copy.shape == [2, 8]


def test_command_buffers_follow_the_buffers_they_name() -> None:
    counter, other = new_buffer(), new_buffer()
    commands = CommandBuffer(binding_capacity=1, make_runner=runner_for)
    commands.update_buffer(b"\x05\0\0\0", BufferRef(counter.subspan(4, 8), 0, 4))
    commands.dispatch(native_executable(), COUNT, (4, 1, 1), [0], [BufferRef(counter)])
    commands.copy_buffer(BufferRef(counter, 0, 16), BufferRef(None, 0, 16, 0))
    commands.finalize()
    memo: dict[int, object] = {}
    copy = counter.fork_copy(memo)
    fork = commands.fork_copy(memo)
    fork.run(fork.prepare([(other, 0, 64)]))

    assert not fork.is_recording
    assert not counter.to_numpy().any()
    assert copy.to_numpy().view(np.int32)[:4].tolist() == [1, 6, 1, 1]
    assert other.to_numpy().view(np.int32)[:4].tolist() == [1, 6, 1, 1]


def test_command_buffers_with_slots_only_are_shared() -> None:
    commands = CommandBuffer(binding_capacity=1)
    commands.fill_buffer(BufferRef(None, 0, 16, 0), 1, 1)
    commands.finalize()

    assert commands.fork_copy({}) is commands
