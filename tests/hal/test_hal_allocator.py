from __future__ import annotations

import gc

import pytest

from gossamer.errors import InvalidArgumentError, ResourceExhaustedError
from gossamer.hal.allocator import Allocator
from gossamer.hal.block_pool import BlockPool, size_class


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 100, 1000, 4096, 4097, 16384, 1 << 20, (1 << 20) + 1])
def test_size_classes_hold_their_requests_and_waste_little(length: int) -> None:
    size = size_class(length)

    assert size >= length
    assert size % 64 == 0
    assert size <= max(length * 9 // 8 + 64, 64)
    assert size_class(size) == size


def test_buffers_are_aligned() -> None:
    allocator = Allocator()

    assert all(allocator.allocate_buffer(length).address % 64 == 0 for length in (0, 1, 100, 5000, 1 << 20))


def test_a_freed_block_is_used_again() -> None:
    allocator = Allocator()
    first = allocator.allocate_buffer(5000)
    address = first.address
    del first

    assert allocator.allocate_buffer(4900).address == address


def test_statistics_add_up() -> None:
    allocator = Allocator()
    buffers = [allocator.allocate_buffer(4096) for _ in range(3)]
    del buffers[0]
    statistics = allocator.statistics

    assert statistics.live_bytes == 2 * 4096
    assert statistics.peak_bytes == 3 * 4096
    assert statistics.allocated_bytes == 3 * 4096
    assert statistics.freed_bytes == 4096
    assert statistics.retained_bytes == 4096


def test_trim_gives_free_blocks_back() -> None:
    allocator = Allocator()
    del [allocator.allocate_buffer(4096)][:]
    gc.collect()
    allocator.trim()

    assert allocator.statistics.retained_bytes == 0


def test_a_capacity_is_kept() -> None:
    allocator = Allocator(capacity_bytes=10_000)
    held = allocator.allocate_buffer(8192)
    with pytest.raises(ResourceExhaustedError, match="8192 of 10000 bytes are in use"):
        allocator.allocate_buffer(4096)
    del held

    assert allocator.allocate_buffer(4096).byte_length == 4096


def test_impossible_sizes_are_refused() -> None:
    allocator = Allocator()
    with pytest.raises(ResourceExhaustedError):
        allocator.allocate_buffer(1 << 62)
    with pytest.raises(InvalidArgumentError):
        allocator.allocate_buffer(-1)


def test_the_pool_retains_no_more_than_its_limit() -> None:
    pool = BlockPool(retained_limit_bytes=4096)
    blocks = [pool.acquire(4096) for _ in range(3)]
    for block in blocks:
        pool.release(block)

    assert pool.retained_bytes == 4096
    assert pool.live_bytes == 0
