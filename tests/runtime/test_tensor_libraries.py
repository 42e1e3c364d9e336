"""Tensors of NumPy, PyTorch and JAX as arguments and as what results become, without copies."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import gossamer
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer_view import BufferView

_MLIR = """
builtin.module @tensors {
  func.func @same(%x: tensor<?xf32>) -> tensor<?xf32> {
    return %x : tensor<?xf32>
  }
  func.func @twice(%x: tensor<?xbf16>) -> tensor<?xbf16> {
    %0 = arith.addf %x, %x : tensor<?xbf16>
    return %0 : tensor<?xbf16>
  }
}
"""


@pytest.fixture(scope="module")
def pipeline() -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(_MLIR)], device="local-sync")


@pytest.fixture(scope="module")
def torch() -> ModuleType:
    return pytest.importorskip("torch", exc_type=ImportError)


@pytest.fixture(scope="module")
def jax_numpy() -> ModuleType:
    return pytest.importorskip("jax.numpy", exc_type=ImportError)


def _aligned(count: int, dtype: Any) -> np.ndarray:
    memory = np.zeros(count * 8 + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + count * np.dtype(dtype).itemsize].view(dtype)


def _address(view: BufferView) -> int:
    return view.to_numpy().ctypes.data


@pytest.mark.parametrize("dtype", [np.float32, np.bool_, np.complex64, ml_dtypes.bfloat16])
def test_arrays_are_shared(dtype: Any) -> None:
    array = _aligned(4, dtype)
    view = gossamer.from_dlpack(array)
    array[1] = 1

    assert _address(view) == array.ctypes.data
    assert view.to_numpy().dtype == array.dtype
    np.testing.assert_array_equal(view.to_numpy(), array)
    assert gossamer.from_dlpack(view) is view


def test_a_shared_array_is_what_a_program_reads(pipeline: gossamer.Pipeline) -> None:
    array = _aligned(3, np.float32)
    array[:] = [1, 2, 3]
    assert pipeline.same(gossamer.from_dlpack(array)).ctypes.data == array.ctypes.data


def test_what_cannot_be_shared_is_copied() -> None:
    array = _aligned(5, np.float32)
    for other in (array[1:], array[::2]):
        view = gossamer.from_dlpack(other)
        assert _address(view) != other.ctypes.data
        np.testing.assert_array_equal(view.to_numpy(), other)


class _OnAnotherDevice:
    def __dlpack__(self, **options: Any) -> object:
        raise AssertionError

    def __dlpack_device__(self) -> tuple[int, int]:
        return (2, 0)


def test_other_devices(pipeline: gossamer.Pipeline) -> None:
    class WithArray(_OnAnotherDevice):
        def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
            return np.ones(2, np.float32)

    for call in (gossamer.from_dlpack, pipeline.same):
        with pytest.raises(InvalidArgumentError, match=r"DLPack device \(2, 0\) is out of reach"):
            call(_OnAnotherDevice())
    assert pipeline.same(WithArray()).tolist() == [1, 1]


def test_torch_tensors(pipeline: gossamer.Pipeline, torch: ModuleType) -> None:
    tensor = torch.tensor([1.0, -2.0, 3.0])
    shared = pipeline.same(gossamer.from_dlpack(tensor))
    tensor[0] = 5

    assert shared.tolist() == [5, -2, 3]
    assert torch.from_dlpack(shared).data_ptr() == tensor.data_ptr()
    assert pipeline.same(tensor[::2]).tolist() == [5, 3]
    small = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
    doubled = pipeline.twice(small)
    assert doubled.dtype == ml_dtypes.bfloat16
    back = torch.from_dlpack(gossamer.from_dlpack(doubled))
    assert back.data_ptr() == doubled.ctypes.data
    assert torch.equal(back, small * 2)
    with pytest.raises(RuntimeError, match=r"requires? grad"):
        pipeline.same(torch.ones(2, requires_grad=True))


def test_jax_arrays(pipeline: gossamer.Pipeline, jax_numpy: ModuleType) -> None:
    array = jax_numpy.array([1.0, -2.0, 3.0])
    view = gossamer.from_dlpack(array)
    result = pipeline.same(view)

    assert _address(view) == array.unsafe_buffer_pointer()
    assert not result.flags.writeable
    returned = pipeline.same(np.array([1, 2], np.float32))
    assert jax_numpy.from_dlpack(returned).unsafe_buffer_pointer() == returned.ctypes.data
    small = jax_numpy.array([1.0, 2.0], dtype=jax_numpy.bfloat16)
    doubled = pipeline.twice(small)
    back = jax_numpy.from_dlpack(gossamer.from_dlpack(doubled))
    assert back.dtype == jax_numpy.bfloat16
    assert back.tolist() == [2, 4]
