"""Tensors shared through DLPack, both ways, without copies."""

from __future__ import annotations

import gc
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import gossamer.runtime as rt
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory import dlpack_capsule
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.dlpack import from_capsule
from gossamer.hal.memory.heap_allocator import HeapAllocator

DTYPES = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
]  # fmt: skip
DTYPES_NUMPY_LACKS = [
    ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3fn,
    ml_dtypes.float8_e5m2fnuz, ml_dtypes.float8_e4m3fnuz, ml_dtypes.float8_e8m0fnu,
]  # fmt: skip


class Capsule:
    """An object with `__dlpack__` that gives a capsule made before."""

    def __init__(self, capsule: object, device: tuple[int, int] = (1, 0)) -> None:
        self.capsule, self.device = capsule, device

    def __dlpack__(self, **options: Any) -> object:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device


@pytest.fixture(scope="module")
def device() -> rt.HalDevice:
    return rt.get_device("local-task")


def view_of(array: np.ndarray) -> BufferView:
    return BufferView.from_numpy(array, HeapAllocator(), copy=True)


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", [*DTYPES, *DTYPES_NUMPY_LACKS])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 1, 2, 1, 1, 2)])
def test_a_view_passes_through_capsules_unchanged(
    device: rt.HalDevice, dtype: Any, shape: tuple[int, ...]
) -> None:
    array = np.arange(np.prod(shape, dtype=int)).astype(dtype).reshape(shape)
    view = view_of(array)
    capsule = device.create_dlpack_capsule(rt.HalBufferView.of(view), 1, 0)
    imported = device.from_dlpack_capsule(capsule)
    found = imported.object
    assert (found.shape, found.element_type) == (view.shape, view.element_type)
    if array.size:
        assert found.buffer.address == view.buffer.address
    del view, capsule
    gc.collect()
    assert found.to_numpy().tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_takes_views_and_device_arrays(device: rt.HalDevice, dtype: str) -> None:
    array = np.array([[1, 0, 2]]).astype(dtype)
    view = view_of(array)
    taken = np.from_dlpack(view)
    assert address(taken) == view.buffer.address
    np.testing.assert_array_equal(taken, array)
    device_array = rt.asdevicearray(device, array)
    taken = np.from_dlpack(device_array)
    assert address(taken) == device_array._buffer_view.object.buffer.address
    np.testing.assert_array_equal(taken, array)


def test_memory_is_shared_and_outlives_its_owner(device: rt.HalDevice) -> None:
    source = view_of(np.zeros(16, np.float32))
    memory = source.to_numpy()
    view = device.from_dlpack_capsule(memory.__dlpack__())
    memory[3] = 5
    assert view.object.to_numpy()[3] == 5
    view.object.to_numpy()[4] = 6
    assert memory[4] == 6
    del source, memory
    gc.collect()
    assert view.object.to_numpy()[3] == 5


def test_memory_that_kernels_cannot_use_is_copied(device: rt.HalDevice) -> None:
    unaligned = view_of(np.zeros(17, np.float32)).to_numpy()[1:]
    view = device.from_dlpack_capsule(unaligned.__dlpack__())
    unaligned[0] = 1
    assert view.object.to_numpy()[0] == 0
    assert view.object.buffer.address % 64 == 0


def test_read_only_memory_stays_so(device: rt.HalDevice) -> None:
    constant = np.arange(32, dtype=np.int64)
    constant = view_of(constant).to_numpy()
    constant.flags.writeable = False
    with pytest.raises(BufferError):
        BufferView(Buffer.wrap(constant.data), [32], rt.HalElementType.SINT_64).__dlpack__()
    capsule = constant.__dlpack__(max_version=(1, 0))
    view = from_capsule(capsule, device.device.allocator)
    assert not view.to_numpy().flags.writeable
    again = view.__dlpack__(max_version=(1, 0))
    assert not np.from_dlpack(Capsule(again)).flags.writeable


def test_bfloat16_is_called_so_in_capsules() -> None:
    capsule = view_of(np.ones(4, ml_dtypes.bfloat16)).__dlpack__()
    # NumPy has no such type, and so would not take the capsule were it named uint16.
    with pytest.raises((BufferError, RuntimeError, TypeError)):
        np.from_dlpack(Capsule(capsule))


def test_override_types_are_exported_as_they_show(device: rt.HalDevice) -> None:
    view = rt.asdevicearray(device, np.array([1, 0, 1], np.int8))._buffer_view
    array = rt.DeviceArray(device, view, override_dtype=np.bool_)
    taken = np.from_dlpack(array)
    assert taken.dtype == np.bool_
    np.testing.assert_array_equal(taken, [True, False, True])


def test_what_buffers_cannot_have_is_refused(device: rt.HalDevice) -> None:
    strided = np.zeros((4, 4), np.float32)[:, 1]
    with pytest.raises(InvalidArgumentError, match="strided"):
        device.from_dlpack_capsule(strided.__dlpack__())
    with pytest.raises(ValueError, match="no DLPack capsule"):
        device.from_dlpack_capsule(object())
    used = np.zeros(4).__dlpack__()
    np.from_dlpack(Capsule(used))
    with pytest.raises(ValueError, match="consumed before"):
        device.from_dlpack_capsule(used)
    with pytest.raises(NotImplementedError, match=r"device \(2, 0\)"):
        device.create_dlpack_capsule(rt.HalBufferView.of(view_of(np.zeros(4))), 2, 0)


def test_memory_of_other_devices_is_refused(device: rt.HalDevice) -> None:
    capsule = np.zeros(4).__dlpack__()
    managed = dlpack_capsule._open(capsule)
    managed.tensor.device_type = 2
    try:
        with pytest.raises(InvalidArgumentError, match=r"device \(2, 0\)"):
            device.from_dlpack_capsule(capsule)
    finally:
        managed.tensor.device_type = 1


def test_torch_shares_memory_with_views(device: rt.HalDevice) -> None:
    torch = pytest.importorskip("torch", reason="needs torch")
    view = view_of(np.arange(64, dtype=np.float32))
    tensor = torch.from_dlpack(view)
    assert tensor.data_ptr() == view.buffer.address
    bfloat16 = torch.ones(64, dtype=torch.bfloat16)
    imported = device.from_dlpack_capsule(bfloat16.__dlpack__())
    assert imported.element_type == rt.HalElementType.BFLOAT_16
