from __future__ import annotations

import gc
import re

import pytest

from gossamer.abi.memory_flags import MemoryType
from gossamer.errors import InvalidArgumentError, ResourceExhaustedError
from gossamer.hal.memory.allocator_spec import allocator_from_specs, parse_size
from gossamer.hal.memory.allocator_statistics import MemoryStatistics, format_statistics
from gossamer.hal.memory.block_pool import BlockPool, Retention, size_class
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.runtime.devices import new_device


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 100, 1000, 4096, 4097, 16384, 1 << 20, (1 << 20) + 1])
def test_size_classes_hold_their_requests_and_waste_little(length: int) -> None:
    size = size_class(length)

    assert size >= length
    assert size % 64 == 0
    assert size <= max(length * 9 // 8 + 64, 64)
    assert size_class(size) == size


def test_buffers_are_aligned() -> None:
    allocator = HeapAllocator()

    assert all(allocator.allocate_buffer(length).address % 64 == 0 for length in (0, 1, 100, 5000, 1 << 20))


def test_a_freed_block_is_used_again() -> None:
    allocator = HeapAllocator()
    first = allocator.allocate_buffer(5000)
    address = first.address
    del first

    assert allocator.allocate_buffer(4900).address == address


def test_statistics_count_bytes_as_they_were_asked_for() -> None:
    allocator = HeapAllocator()
    buffers = [allocator.allocate_buffer(1000) for _ in range(3)]
    del buffers[0]
    statistics = allocator.statistics

    assert statistics.device == MemoryStatistics(peak_bytes=3000, allocated_bytes=3000, freed_bytes=1000)
    assert statistics.live_bytes == 2000
    assert statistics.retained_bytes == size_class(1000)


def test_statistics_tell_host_memory_from_the_rest() -> None:
    allocator = HeapAllocator()
    allocator.allocate_buffer(100, int(MemoryType.HOST_LOCAL | MemoryType.DEVICE_VISIBLE))
    device = allocator.allocate_buffer(8, int(MemoryType.DEVICE_LOCAL | MemoryType.HOST_VISIBLE))
    copy = device.duplicate()
    statistics = allocator.statistics

    assert copy.byte_length == 8
    assert statistics.host == MemoryStatistics(100, 100, 100)
    assert statistics.device == MemoryStatistics(16, 16, 0)
    lines = format_statistics(statistics).splitlines()
    assert lines[0].split("B ")[::3] == ["  HOST_LOCAL:          100", "freed /            0"]
    assert re.sub(" +", " ", lines[1]) == "DEVICE_LOCAL: 16B peak / 16B allocated / 0B freed / 16B live"


def test_trim_gives_free_blocks_back() -> None:
    allocator = HeapAllocator()
    del [allocator.allocate_buffer(4096)][:]
    gc.collect()
    allocator.trim()

    assert allocator.statistics.retained_bytes == 0


def test_a_capacity_is_kept() -> None:
    allocator = HeapAllocator(capacity_bytes=10_000)
    held = allocator.allocate_buffer(8000, int(MemoryType.HOST_LOCAL))
    with pytest.raises(ResourceExhaustedError, match="allocate 2001 bytes: 8000 of 10000 bytes are in use"):
        allocator.allocate_buffer(2001)
    allocator.allocate_buffer(2000)
    del held

    assert allocator.allocate_buffer(10_000).byte_length == 10_000


def test_memory_held_for_reuse_gives_way_to_a_capacity() -> None:
    allocator = HeapAllocator(capacity_bytes=10_000)
    allocator.allocate_buffer(8000)
    assert allocator.statistics.retained_bytes
    held = allocator.allocate_buffer(4000)

    assert held.byte_length == 4000
    assert not allocator.statistics.retained_bytes


def test_new_buffers_may_be_filled() -> None:
    assert set(HeapAllocator(fill=0xCD).allocate_buffer(100).to_numpy()) == {0xCD}


def test_impossible_sizes_are_refused() -> None:
    allocator = HeapAllocator()
    with pytest.raises(ResourceExhaustedError):
        allocator.allocate_buffer(1 << 62)
    with pytest.raises(InvalidArgumentError):
        allocator.allocate_buffer(-1)


@pytest.mark.parametrize(
    ("retention", "sizes", "retained"),
    [
        (Retention(total_bytes=4096), [4096, 4096], 4096),
        (Retention(block_bytes=4096), [4096, 8192, 4096], 8192),
        (Retention(block_count=2), [64, 128, 256], 192),
    ],
)
def test_the_pool_retains_no_more_than_its_limits(
    retention: Retention, sizes: list[int], retained: int
) -> None:
    pool = BlockPool(retention=retention)
    blocks = [pool.acquire(size) for size in sizes]
    for block in blocks:
        pool.release(block)

    assert pool.retained_bytes == retained
    assert pool.device.live_bytes == 0
    pool.trim()
    assert pool.retained_bytes == pool.retained_count == 0


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("12b", 12), ("3kb", 3000), ("3KiB", 3072), ("2mb", 2_000_000), ("1gib", 1 << 30)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5kb", "kb"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match="size must be an integer"):
        parse_size(text)


def test_allocators_by_specification() -> None:
    allocator = allocator_from_specs(["caching:device_local=1kib;;,*=*;4kib;8", "debug", "limit:64kib"])
    pool = allocator.allocate_buffer(1)._block.pool  # pyright: ignore

    assert pool.retention.block_count == 72
    assert pool.capacity_bytes == 65536
    assert allocator.allocate_buffer(4).to_numpy().tolist() == [0xCD] * 4
    assert allocator_from_specs(["limit:64kib"], capacity_bytes=100).allocate_buffer(100)
    with pytest.raises(ResourceExhaustedError):
        allocator_from_specs(["limit:64kib"], capacity_bytes=100).allocate_buffer(101)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("foo", "unrecognized allocator 'foo'"),
        ("limit:", "size must be an integer, got ''"),
        ("caching:x", "unrecognized bitfield member 'x'"),
        ("caching:=1", "heap key must specified in pool params"),
        ("caching:host_local=1", "no heap matching requested config params memory_type='host_local'"),
        ("caching:*=1;x", "size must be an integer, got 'x'; parsing max_allocation_capacity"),
        ("caching:*=;;x", "invalid count 'x'"),
    ],
)
def test_specifications_that_are_wrong(spec: str, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        allocator_from_specs([spec])


def test_devices_with_a_limit_on_memory() -> None:
    device = new_device("local-sync", max_memory=100)
    held = device.allocator.allocate_buffer(60)
    with pytest.raises(ResourceExhaustedError, match="allocate 41 bytes: 60 of 100 bytes are in use"):
        device.queue_alloca(-1, None, None, 41)

    assert held.byte_length == 60
