from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from gossamer.abi.memory_flags import WHOLE_BUFFER, BufferUsage, MemoryAccess
from gossamer.errors import FailedPreconditionError, OutOfRangeError, PermissionDeniedError
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.heap_allocator import HeapAllocator


def test_memory_is_shared_with_numpy_both_ways() -> None:
    buffer = HeapAllocator().allocate_buffer(16)
    array = buffer.to_numpy()
    array[:] = 7
    buffer.map(4, 4)[:] = b"abcd"

    assert bytes(buffer.map()) == b"\x07" * 4 + b"abcd" + b"\x07" * 8
    assert array[4] == ord("a")


def test_a_view_keeps_the_memory() -> None:
    allocator = HeapAllocator()
    buffer = allocator.allocate_buffer(4096)
    part = buffer.to_numpy()[10:20]
    alive = weakref.ref(buffer)
    del buffer
    gc.collect()

    assert alive() is not None
    assert allocator.statistics.live_bytes == 4096
    del part
    gc.collect()
    assert alive() is None
    assert allocator.statistics.live_bytes == 0


def test_a_memoryview_keeps_the_memory() -> None:
    allocator = HeapAllocator()
    view = allocator.allocate_buffer(4096).map()
    gc.collect()

    assert allocator.statistics.live_bytes == 4096
    view.release()
    del view
    gc.collect()
    assert allocator.statistics.live_bytes == 0


def test_subspans_share_and_keep_the_memory() -> None:
    allocator = HeapAllocator()
    whole = allocator.allocate_buffer(64)
    part = whole.subspan(16, 32).subspan(8, WHOLE_BUFFER)
    whole.to_numpy()[:] = np.arange(64, dtype=np.uint8)

    assert part.byte_length == 24
    assert part.byte_offset == 24
    assert part.allocated_buffer is whole
    assert part.to_numpy()[0] == 24
    assert whole.subspan(0, 64) is whole
    del whole
    gc.collect()
    assert allocator.statistics.live_bytes == 64


@pytest.mark.parametrize(("offset", "length"), [(-1, 4), (0, 65), (65, 0), (60, 5), (0, -2), (1, 64)])
def test_ranges_outside_are_refused(offset: int, length: int) -> None:
    buffer = HeapAllocator().allocate_buffer(64)

    with pytest.raises(OutOfRangeError, match="of the valid buffer range"):
        buffer.subspan(offset, length)


def test_empty_ranges_at_the_end_are_fine() -> None:
    buffer = HeapAllocator().allocate_buffer(64)

    assert buffer.range(64, 0)[1] == 0
    assert buffer.range(64, WHOLE_BUFFER)[1] == 0


def test_wrapping_shares_memory_and_keeps_its_owner() -> None:
    array = np.arange(8, dtype=np.int32)
    buffer = Buffer.wrap(array)
    owner = weakref.ref(array)
    array[0] = 42
    del array

    assert owner() is not None
    assert buffer.to_numpy().view(np.int32)[0] == 42


def test_read_only_memory_makes_a_read_only_buffer() -> None:
    buffer = Buffer.wrap(b"constant")

    assert buffer.map().readonly
    buffer.require_access(MemoryAccess.READ)
    with pytest.raises(PermissionDeniedError, match="buffer allows READ, operation requires WRITE"):
        buffer.require_access(MemoryAccess.WRITE)


def test_memory_with_gaps_is_refused() -> None:
    with pytest.raises(BufferError):
        Buffer.wrap(np.arange(8)[::2])


def test_usage_that_was_not_asked_for_is_refused() -> None:
    buffer = HeapAllocator().allocate_buffer(4, usage=BufferUsage.DISPATCH_STORAGE_READ)

    with pytest.raises(PermissionDeniedError, match="operation requires DISPATCH_INDIRECT_PARAMETERS"):
        buffer.require_usage(BufferUsage.DISPATCH_INDIRECT_PARAMETERS)


def test_deallocated_contents_are_out_of_reach() -> None:
    buffer = HeapAllocator().allocate_buffer(4)
    view = buffer.to_numpy()
    buffer.deallocate()

    assert buffer.is_deallocated
    with pytest.raises(FailedPreconditionError, match="deallocated"):
        buffer.map()
    view[0] = 1  # A view from before still has memory of its own to write to.
