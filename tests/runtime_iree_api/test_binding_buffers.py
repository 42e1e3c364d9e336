"""Element types, allocators, buffers and views under IREE's names."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import gossamer.runtime as rt
from gossamer.runtime.iree_api import dtypes

DEVICE_LOCAL, DEFAULT = rt.MemoryType.DEVICE_LOCAL, rt.BufferUsage.DEFAULT
# As the reference prints a buffer of DEVICE_LOCAL memory.
DESCRIPTION = (
    "bytes (at offset 0 into {size}), memory_type=DEVICE_LOCAL|HOST_VISIBLE, allowed_access=ALL, "
    "allowed_usage=TRANSFER|DISPATCH_STORAGE|MAPPING|MAPPING_PERSISTENT>"
)


@pytest.fixture(scope="module")
def device() -> rt.HalDevice:
    return rt.get_device("local-sync")


def test_flags_combine_to_ints() -> None:
    assert rt.BufferUsage.TRANSFER | rt.BufferUsage.MAPPING == 0x9000003
    assert rt.MemoryType.DEVICE_LOCAL & rt.MemoryType.DEVICE_VISIBLE == 0x10
    assert rt.MemoryAccess.NONE == rt.MemoryType.NONE == rt.BufferUsage.NONE == 0


def test_element_types_describe_themselves() -> None:
    element_type = rt.HalElementType
    assert element_type.is_byte_aligned(element_type.FLOAT_16)
    assert not element_type.is_byte_aligned(element_type.INT_4)
    assert element_type.dense_byte_count(element_type.INT_4) == 1
    assert element_type.dense_byte_count(element_type.COMPLEX_128) == 16
    assert element_type.map_to_dtype(element_type.BFLOAT_16) == ml_dtypes.bfloat16
    with pytest.raises(NotImplementedError):
        element_type.map_to_dtype(element_type.INT_4)


def test_dtypes_have_names_in_reflection() -> None:
    info = dtypes.map_dtype_to_dtype_info(np.uint16)
    assert (info.name, info.abi_type, info.hal_type) == ("uint16", "i16", rt.HalElementType.UINT_16)
    assert (info.is_integer, info.is_signed, info.is_floating_point, info.is_complex) == (
        True,
        False,
        False,
        False,
    )
    assert dtypes.map_name_to_dtype_info("complex64").is_complex
    assert dtypes.map_abi_type_to_dtype_info("i16").dtype == np.int16
    assert dtypes.map_abi_type_to_dtype_info("i1").dtype == np.bool_
    assert dtypes.DTYPE_TO_ABI_TYPE[np.dtype(np.float64)] == "f64"
    for find in (dtypes.map_name_to_dtype_info, dtypes.map_abi_type_to_dtype_info):
        with pytest.raises(KeyError, match="teapot"):
            find("teapot")
    with pytest.raises(KeyError, match="bfloat16"):
        dtypes.map_dtype_to_dtype_info(ml_dtypes.bfloat16)


def test_dtypes_map_to_element_types() -> None:
    find = dtypes.map_dtype_to_hal_element_type
    assert find(ml_dtypes.float8_e5m2) is rt.HalElementType.FLOAT_8_E5M2
    assert find(np.dtype("bfloat16")) is rt.HalElementType.BFLOAT_16
    assert find(np.int32) is rt.HalElementType.SINT_32
    assert find("U3") is None
    assert find("no such type") is None


def test_buffers_tell_where_they_are(device: rt.HalDevice) -> None:
    buffer = device.allocator.allocate_buffer(DEVICE_LOCAL, DEFAULT, 13)
    assert repr(buffer) == "<HalBuffer 13 " + DESCRIPTION.format(size=13)
    assert buffer.byte_length() == 13
    assert buffer.memory_type() & DEVICE_LOCAL == DEVICE_LOCAL
    assert buffer.allowed_usage() & rt.BufferUsage.MAPPING_SCOPED
    view = rt.HalBufferView(buffer, (1, 2), rt.HalElementType.INT_16)
    assert repr(view) == "<HalBufferView (1, 2), element_type=0x10000010, 13 " + DESCRIPTION.format(size=13)
    assert (view.shape, view.byte_length, view.get_buffer()) == ([1, 2], 4, buffer)


def test_views_must_fit_their_buffer(device: rt.HalDevice) -> None:
    buffer = device.allocator.allocate_buffer(DEVICE_LOCAL, DEFAULT, 13)
    with pytest.raises(IndexError, match="byte length 16 exceeds backing buffer byte length 13"):
        rt.HalBufferView(buffer, [4], rt.HalElementType.FLOAT_32)
    assert buffer.create_view(rt.Shape([3]), 4).element_type == rt.HalElementType.OPAQUE_32


def test_copies_take_shape_from_the_array_and_type_from_the_caller(device: rt.HalDevice) -> None:
    array = np.arange(12, dtype=np.int32).reshape(3, 4)
    plain = device.allocator.allocate_buffer_copy(DEVICE_LOCAL, DEFAULT, device, array)
    assert isinstance(plain, rt.HalBuffer)
    assert plain.byte_length() == 48
    view = device.allocator.allocate_buffer_copy(
        DEVICE_LOCAL, DEFAULT, device, array.T, rt.HalElementType.UINT_32
    )
    assert isinstance(view, rt.HalBufferView)
    assert (view.shape, view.element_type) == ([4, 3], rt.HalElementType.UINT_32)
    np.testing.assert_array_equal(view.map().asarray([4, 3], np.uint32), array.T)
    staging = device.allocator.allocate_host_staging_buffer_copy(device, np.int32(7))
    assert staging.map().asarray([], np.int32) == 7


def test_mapped_memory_is_shared(device: rt.HalDevice) -> None:
    buffer = device.allocator.allocate_buffer(DEVICE_LOCAL, DEFAULT, 16)
    mapped = buffer.map()
    mapped.asarray([4], np.float32)[:] = [1, 2, 3, 4]
    assert bytes(mapped) == np.array([1, 2, 3, 4], np.float32).tobytes()
    assert memoryview(mapped).readonly
    buffer.fill_zero(4, 8)
    np.testing.assert_array_equal(mapped.asarray((2, 2), "f4"), [[1, 0], [0, 4]])
    with pytest.raises(ValueError, match="20 bytes, 16 are mapped"):
        mapped.asarray([5], np.float32)
    with pytest.raises(IndexError):
        buffer.fill_zero(12, 8)


def test_arrays_keep_mapped_memory_alive(device: rt.HalDevice) -> None:
    array = (
        device.allocator.allocate_buffer_copy(DEVICE_LOCAL, DEFAULT, device, np.arange(1000))
        .map()
        .asarray([1000], np.int64)
    )
    for _ in range(5):
        device.allocator.allocate_buffer(DEVICE_LOCAL, DEFAULT, 8000).map().asarray([1000], "i8")[:] = -1
    np.testing.assert_array_equal(array, np.arange(1000))


def test_host_memory_is_imported_without_a_copy(device: rt.HalDevice) -> None:
    array = np.zeros(4, np.float32)
    buffer = device.allocator.import_host_allocation(
        array, rt.MemoryType.HOST_LOCAL | rt.MemoryType.DEVICE_VISIBLE, rt.BufferUsage.TRANSFER_TARGET
    )
    buffer.map().asarray([4], np.float32)[:] = 3
    np.testing.assert_array_equal(array, np.full(4, 3))


def test_allocators_say_what_they_can(device: rt.HalDevice) -> None:
    compatibility = device.allocator.query_buffer_compatibility(DEVICE_LOCAL, DEFAULT, DEFAULT, 1024)
    assert compatibility == 0xC07
    transfer = device.allocator.query_buffer_compatibility(
        DEVICE_LOCAL, DEFAULT, rt.BufferUsage.TRANSFER, 1024
    )
    assert not transfer & rt.BufferCompatibility.QUEUE_DISPATCH


def test_allocators_count_bytes() -> None:
    allocator = rt.get_device("local-sync", cache=False).allocator
    buffer = allocator.allocate_buffer(DEVICE_LOCAL, DEFAULT, 4096)
    assert allocator.has_statistics
    assert allocator.statistics["device_bytes_allocated"] == 4096
    assert allocator.statistics["host_bytes_peak"] == 0
    host, local = allocator.formatted_statistics.splitlines()
    assert host.startswith("  HOST_LOCAL:            0B peak /")
    assert local.endswith("0B freed /         4096B live")
    del buffer
    allocator.trim()
    assert allocator.statistics["device_bytes_freed"] == 4096
