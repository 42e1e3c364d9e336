"""DLPack: tensors shared with other libraries without a copy, both ways.

NumPy makes and takes apart the capsules. For element types that it lacks (bfloat16, the 8-bit floats) the
type in the capsule is exchanged for an unsigned integer of the same width on its way.
In: buffer views or capsules. Out: capsules or buffer views. Only the CPU's memory is meant.
Spec: `dlpack.h` of DLPack 1.1.
"""

from __future__ import annotations

import ctypes
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from gossamer.abi import element_type as element_types
from gossamer.abi.memory_flags import ALIGNMENT, MemoryAccess
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView

CPU_DEVICE = (1, 0)
"""Device type and number of host memory."""

_VERSION = (1, 1)
_UINT_CODE = 1
_READ_ONLY_FLAG = 1
_NUMERICAL_TYPES = {
    0: element_types.NUMERICAL_INTEGER_SIGNED,
    _UINT_CODE: element_types.NUMERICAL_INTEGER_UNSIGNED,
    2: element_types.NUMERICAL_FLOAT_IEEE,
    5: element_types.NUMERICAL_FLOAT_COMPLEX,
    6: element_types.NUMERICAL_BOOLEAN,
}
_CODES_NUMPY_LACKS = {
    element_types.BFLOAT_16: 4,
    element_types.FLOAT_8_E4M3_FN: 10,
    element_types.FLOAT_8_E4M3_FNUZ: 11,
    element_types.FLOAT_8_E5M2: 12,
    element_types.FLOAT_8_E5M2_FNUZ: 13,
    element_types.FLOAT_8_E8M0_FNU: 14,
}
_ELEMENT_TYPES_NUMPY_LACKS = {
    (dlpack_code, code & 0xFF): code for code, dlpack_code in _CODES_NUMPY_LACKS.items()
}


class _Tensor(ctypes.Structure):
    """`DLTensor`."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("byte_offset", ctypes.c_uint64),
    )


class _ManagedTensor(ctypes.Structure):
    """`DLManagedTensor`, in capsules named `dltensor`."""

    _fields_ = (("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p))


class _VersionedTensor(ctypes.Structure):
    """`DLManagedTensorVersioned`, in capsules named `dltensor_versioned`."""

    _fields_ = (
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    )


_STRUCTURES = {b"dltensor": _ManagedTensor, b"dltensor_versioned": _VersionedTensor}
_get_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", ctypes.pythonapi))
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def _open(capsule: object) -> _ManagedTensor | _VersionedTensor:
    name = _get_name(capsule) if type(capsule).__name__ == "PyCapsule" else None
    structure = _STRUCTURES.get(name or b"")
    if structure is None:
        raise InvalidArgumentError(f"{capsule!r} is no DLPack capsule, or was consumed before")
    # Safety: the structure lives as long as the capsule that the caller holds, and is not consumed yet.
    return structure.from_address(_get_pointer(capsule, name))


def to_capsule(view: BufferView, **options: Any) -> object:
    """Show a view's memory to another library.

    Args:
        view: kept alive by whoever holds the capsule or what is made of it.
        options: `max_version`, `copy` and such, as of `__dlpack__` in the array API.
    Raises: BufferError where the buffer is read-only and `max_version` is below 1.0.
    """
    array = view.to_numpy()
    code = _CODES_NUMPY_LACKS.get(view.element_type)
    if code is None:
        return array.__dlpack__(**options)
    capsule = array.view(f"u{array.dtype.itemsize}").__dlpack__(**options)
    _open(capsule).tensor.code = code
    return capsule


def from_capsule(capsule: object, allocator: Allocator) -> BufferView:
    """Make a view of the memory in a capsule; its owner is kept alive.

    Args:
        capsule: of host memory, dense and row by row; consumed.
        allocator: where memory comes from for a copy, made only where the memory is not 64-byte aligned.
    Raises: InvalidArgumentError on elements, layouts or devices that buffers cannot have.
    """
    managed = _open(capsule)
    is_read_only = isinstance(managed, _VersionedTensor) and bool(managed.flags & _READ_ONLY_FLAG)
    array, element_type = _consume(capsule)
    if not array.flags.c_contiguous:
        raise InvalidArgumentError("strided DLPack tensors are not supported")
    address: int = array.__array_interface__["data"][0]
    if address % ALIGNMENT and array.nbytes:
        return BufferView.from_numpy(array, allocator, element_type=element_type, copy=True)
    access = int(MemoryAccess.READ if is_read_only else MemoryAccess.ALL)
    # Safety: `array` owns the capsule's contents and stays with the buffer.
    buffer = Buffer(address, array.nbytes, allowed_access=access, keepalive=array)
    return BufferView(buffer, list(array.shape), element_type)


def from_dlpack(tensor: Any) -> BufferView:
    """Make a view of a tensor of any library: it shares the tensor's memory and keeps that alive.

    Functions take such views as they are, without a copy; programs see later changes of the tensor.

    Args:
        tensor: in host memory, with `__dlpack__`, or a NumPy array of any type. What is not dense or not
            64-byte aligned is copied.
    Raises: InvalidArgumentError on elements or devices that buffers cannot have.
    """
    if isinstance(tensor, BufferView):
        return tensor
    array = array_of(tensor)
    code = element_types.element_type_of(array.dtype)
    return BufferView.from_numpy(array, Allocator(), element_type=code)


def array_of(tensor: Any) -> npt.NDArray[Any]:
    """A NumPy array over the memory of any library's tensor, of a type of `ml_dtypes` where NumPy has none.

    Raises: InvalidArgumentError on elements or devices that buffers cannot have; what the library raises.
    """
    if isinstance(tensor, np.ndarray):
        return cast("npt.NDArray[Any]", tensor)
    if tuple(tensor.__dlpack_device__()) != CPU_DEVICE:
        raise _out_of_reach(*tensor.__dlpack_device__())
    try:
        # Why the version: only capsules of it say that a tensor can only be read.
        capsule = tensor.__dlpack__(max_version=_VERSION)
    except TypeError:
        capsule = tensor.__dlpack__()
    return _consume(capsule)[0]


def _out_of_reach(device_type: int, device_id: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"memory of DLPack device ({device_type}, {device_id}) is out of reach of the CPU"
    )


def _consume(capsule: object) -> tuple[npt.NDArray[Any], int]:
    """The array in a capsule, of an unsigned type where NumPy lacks the elements' own; and their type."""
    managed = _open(capsule)
    tensor = managed.tensor
    if (tensor.device_type, tensor.device_id) != CPU_DEVICE:
        raise _out_of_reach(tensor.device_type, tensor.device_id)
    element_type = _element_type(tensor)
    if element_type in _CODES_NUMPY_LACKS:
        tensor.code = _UINT_CODE
    array = np.from_dlpack(cast("Any", _CapsuleProducer(capsule)))
    return array.view(element_types.numpy_dtype(element_type)), element_type


def _element_type(tensor: _Tensor) -> int:
    code, bits = tensor.code, tensor.bits
    found = _ELEMENT_TYPES_NUMPY_LACKS.get((code, bits))
    if found is None and code in _NUMERICAL_TYPES:
        found = _NUMERICAL_TYPES[code] << 24 | bits
    if found is None or tensor.lanes != 1:
        raise InvalidArgumentError(
            f"no element type for DLPack type code {code} of {bits} bits and {tensor.lanes} lanes"
        )
    return found


class _CapsuleProducer:
    """Gives a capsule to whoever takes objects with `__dlpack__`."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __dlpack__(self, **_options: object) -> object:
        return self._capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return CPU_DEVICE
