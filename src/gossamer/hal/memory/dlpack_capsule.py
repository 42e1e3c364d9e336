"""DLPack capsules: NumPy arrays in and out of what libraries hand tensors over in.

NumPy makes and takes apart the capsules. For element types that it lacks (bfloat16, the 8-bit floats) the
type in the capsule is exchanged for an unsigned integer of the same width on its way.
In: arrays with the codes of their element types, or capsules. Out: capsules, or arrays. Only the CPU's memory
is meant. Spec: `dlpack.h` of DLPack 1.1.
"""

from __future__ import annotations

import ctypes
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from gossamer.abi import element_type as element_types
from gossamer.errors import InvalidArgumentError

CPU_DEVICE = (1, 0)
"""Device type and number of host memory."""

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


class CapsuleArray(NamedTuple):
    """What a capsule held.

    Attributes:
        array: owns it; of an unsigned type where NumPy lacks the elements' own.
        element_type: a code of `abi.element_type`.
        is_read_only: the owner forbids stores.
    """

    array: npt.NDArray[Any]
    element_type: int
    is_read_only: bool


def capsule_of(array: npt.NDArray[Any], element_type: int, **options: Any) -> object:
    """Show an array's memory to another library; it lives as long as the capsule or what is made of it.

    Args:
        element_type: of the elements, a code of `abi.element_type`.
        options: `max_version`, `copy` and such, as of `__dlpack__` in the array API.
    Raises: BufferError where the array is read-only and `max_version` is below 1.0.
    """
    code = _CODES_NUMPY_LACKS.get(element_type)
    if code is None:
        return array.__dlpack__(**options)
    capsule = array.view(f"u{array.dtype.itemsize}").__dlpack__(**options)
    _open(capsule).tensor.code = code
    return capsule


def consume_capsule(capsule: object) -> CapsuleArray:
    """Take over what is in a capsule.

    Raises: InvalidArgumentError on elements or devices that buffers cannot have.
    """
    managed = _open(capsule)
    is_read_only = isinstance(managed, _VersionedTensor) and bool(managed.flags & _READ_ONLY_FLAG)
    tensor = managed.tensor
    require_host_memory(tensor.device_type, tensor.device_id)
    element_type = _element_type(tensor)
    if element_type in _CODES_NUMPY_LACKS:
        tensor.code = _UINT_CODE
    array = np.from_dlpack(cast("Any", _CapsuleProducer(capsule)))
    dtype = element_types.numpy_dtype(element_type)
    return CapsuleArray(array.view(dtype), element_type, is_read_only)


def require_host_memory(device_type: int, device_id: int) -> None:
    """Raise InvalidArgumentError unless a DLPack device is the CPU."""
    if (device_type, device_id) != CPU_DEVICE:
        raise InvalidArgumentError(
            f"memory of DLPack device ({device_type}, {device_id}) is out of reach of the CPU"
        )


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
