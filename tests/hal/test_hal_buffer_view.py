from __future__ import annotations

import gc
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from gossamer.abi import element_type as et
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.heap_allocator import HeapAllocator


def aligned(count: int) -> np.ndarray:
    memory = np.zeros(count * 4 + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + count * 4].view(np.float32)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.array(3.5),
        np.zeros((0, 3), np.int8),
        np.array([True, False]),
        np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1),
        np.array([1, 2], ml_dtypes.bfloat16),
        np.array([1 + 2j], np.complex64),
    ],
    ids=["matrix", "scalar", "empty", "bool", "transposed", "bfloat16", "complex"],
)
@pytest.mark.parametrize("copy", [None, True, False])
def test_arrays_come_back(array: np.ndarray, copy: bool | None) -> None:
    view = BufferView.from_numpy(array, HeapAllocator(), copy=copy)

    assert view.shape == list(array.shape)
    np.testing.assert_array_equal(view.to_numpy(), array)
    np.testing.assert_array_equal(np.asarray(view), array)


def test_arrays_of_the_other_byte_order_are_converted() -> None:
    view = BufferView.from_numpy(np.array([1, 2], ">i4"), HeapAllocator(), element_type=et.INT_32)

    np.testing.assert_array_equal(view.to_numpy(), [1, 2])


def test_the_array_of_a_view_keeps_its_memory_and_no_more() -> None:
    allocator = HeapAllocator()
    array = BufferView.from_numpy(np.arange(6.0), allocator, copy=True).to_numpy()[2:4]
    gc.collect()

    assert allocator.statistics.live_bytes == 48
    np.testing.assert_array_equal(array, [2, 3])
    del array
    assert allocator.statistics.live_bytes == 0


def test_aligned_arrays_are_shared_and_others_copied() -> None:
    good = aligned(16)
    bad = aligned(17)[1:]

    assert np.shares_memory(BufferView.from_numpy(good, HeapAllocator()).to_numpy(), good)
    assert not np.shares_memory(BufferView.from_numpy(bad, HeapAllocator()).to_numpy(), bad)
    assert np.shares_memory(BufferView.from_numpy(bad, HeapAllocator(), copy=False).to_numpy(), bad)


def test_files_mapped_for_reading_are_copied(tmp_path: Path) -> None:
    """A kernel that stored to such pages would end the process."""
    path = tmp_path / "array.npy"
    np.save(path, np.arange(64, dtype=np.float32))
    for mode, is_shared in (("r", False), ("c", True), ("r+", True)):
        array = np.load(path, mmap_mode=mode)
        part = np.asarray(array)[16:]

        assert np.shares_memory(BufferView.from_numpy(array, HeapAllocator()).to_numpy(), array) == is_shared
        assert np.shares_memory(BufferView.from_numpy(part, HeapAllocator()).to_numpy(), part) == is_shared


def test_results_live_longer_than_the_view() -> None:
    allocator = HeapAllocator()
    array = BufferView.from_numpy(np.full(1000, 7.0), allocator, copy=True).to_numpy()
    gc.collect()
    del [allocator.allocate_buffer(8000) for _ in range(3)][:]

    assert (array == 7.0).all()


def test_read_only_buffers_give_read_only_arrays() -> None:
    view = BufferView(Buffer.wrap(b"\0" * 8), [2], et.FLOAT_32)

    assert not view.to_numpy().flags.writeable


def test_a_short_buffer_is_noticed() -> None:
    view = BufferView(HeapAllocator().allocate_buffer(4), [2], et.FLOAT_32)

    with pytest.raises(InvalidArgumentError, match="too short for 2xf32"):
        view.to_numpy()


def test_dlpack_shares_memory() -> None:
    view = BufferView.from_numpy(np.arange(4, dtype=np.float32), HeapAllocator(), copy=True)
    array = np.from_dlpack(view)

    np.testing.assert_array_equal(array, [0, 1, 2, 3])
    assert np.shares_memory(array, view.to_numpy())


def test_names_and_sizes() -> None:
    view = BufferView(HeapAllocator().allocate_buffer(48), [4, 3], et.SINT_32)

    assert view.type_name == "4x3xsi32"
    assert view.element_count == 12
    assert view.byte_length == 48


def test_conversion_without_a_copy_is_refused_where_it_cannot_be() -> None:
    view = BufferView.from_numpy(np.arange(4, dtype=np.float32), HeapAllocator())

    assert np.asarray(view, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(view, dtype=np.float64, copy=False)
