"""Values of globals: as arrays and back, and without anything of a process, as numbers, bytes and tensors.

A module keeps a tensor as a buffer, and its dynamic dimensions in globals of their own (`GlobalAccess.dims`):

    tensor<?x4xf32>    !hal.buffer of 48 bytes, i64 3     array of shape (3, 4)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np

from gossamer.abi.value_type import TensorType, parse_value_type
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.signature import numpy_element_type
from gossamer.vm.link.module import GlobalAccess
from gossamer.vm.objects.buffer import Buffer as HostBuffer


@dataclass(frozen=True, slots=True)
class SavedTensor:
    """A tensor of a global that keeps shape and type with it.

    Attributes:
        shape: sizes.
        element_type: IREE's code.
        data: its bytes, row major.
    """

    shape: tuple[int, ...]
    element_type: int
    data: bytes


class DeclaredTensor(NamedTuple):
    """What a global holds by its declared type: sizes, IREE's code and NumPy's type of its elements."""

    shape: tuple[int | None, ...]
    element_type: int
    dtype: np.dtype[Any]


def declared_tensor(access: GlobalAccess) -> DeclaredTensor | None:
    """What a global holds; None where the module does not say it, or where its sizes are."""
    type = parse_value_type(access.type)
    if not isinstance(type, TensorType) or type.shape.count(None) != len(access.dims):
        return None
    element_type, dtype = numpy_element_type(type.element)
    return None if element_type is None or dtype is None else DeclaredTensor(type.shape, element_type, dtype)


def tensor_of(access: GlobalAccess, buffer: Buffer) -> BufferView | None:
    """What a global's buffer holds, by its declared type; None where the module does not say that."""
    tensor = declared_tensor(access)
    if tensor is None:
        return None
    extents = (cast("int", each.get()) for each in access.dims)
    shape = [next(extents) if size is None else size for size in tensor.shape]
    return BufferView(buffer, shape, tensor.element_type)


def set_tensor(access: GlobalAccess, name: str, array: Any, allocator: Allocator) -> None:
    """Set a global that is kept as a buffer, and its dynamic dimensions with it.

    Args:
        access: of the global.
        name: of the global, for messages.
        array: its new contents, copied.
        allocator: where memory comes from.
    Raises: InvalidArgumentError where the shape is not of the global's type, or the module does not say what
        the type is and the array has another number of bytes than the global.
    """
    tensor = declared_tensor(access)
    if tensor is None:
        _set_bytes(access, name, np.asarray(array), allocator)
        return
    array = np.asarray(array, tensor.dtype)
    fits = len(array.shape) == len(tensor.shape) and all(
        size in (None, found) for size, found in zip(tensor.shape, array.shape, strict=True)
    )
    if not fits:
        raise InvalidArgumentError(f"global {name} has type {access.type}, got shape {array.shape}")
    view = BufferView.from_numpy(array, allocator, element_type=tensor.element_type, copy=True)
    _store(access, view.buffer, view.shape)


def _set_bytes(access: GlobalAccess, name: str, array: np.ndarray[Any, Any], allocator: Allocator) -> None:
    present = access.get()
    if isinstance(present, Buffer) and present.byte_length != array.nbytes:
        raise InvalidArgumentError(
            f"global {name} has {present.byte_length} bytes, got {array.nbytes}: its module does not say "
            "where it keeps sizes, so only contents of the same size can be set"
        )
    access.set(BufferView.from_numpy(array, allocator, copy=True).buffer)


def _store(access: GlobalAccess, buffer: Buffer, shape: Sequence[int]) -> None:
    type = parse_value_type(access.type)
    assert isinstance(type, TensorType)
    for dim, extent in zip(
        access.dims,
        (found for size, found in zip(type.shape, shape, strict=True) if size is None),
        strict=True,
    ):
        dim.set(extent)
    access.set(buffer)


def to_portable(access: GlobalAccess, name: str) -> int | float | bytes | SavedTensor | None:
    """Copy a global's value.

    Args:
        access: of the global.
        name: of the global, for messages.
    Raises: InvalidArgumentError for refs that mean nothing elsewhere.
    """
    value = access.get()
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, Buffer) and access.dims:
        value = tensor_of(access, value) or value
    if isinstance(value, BufferView):
        data = value.buffer.to_numpy()[: value.byte_length].tobytes()
        return SavedTensor(tuple(value.shape), value.element_type, data)
    if isinstance(value, Buffer):
        return value.to_numpy().tobytes()
    if isinstance(value, HostBuffer):
        return bytes(value.data)
    raise InvalidArgumentError(
        f"global {name} holds a {type(value).__name__}, which cannot leave this process; set it to null first"
    )


def put_back(access: GlobalAccess, value: object, allocator: Allocator) -> None:
    """Set a global to a value that `to_portable` gave.

    Args:
        access: of a global of the type that the value comes from.
        value: may be put back again.
        allocator: where memory comes from.
    """
    if isinstance(value, SavedTensor):
        view = BufferView(allocator.allocate_buffer(len(value.data)), value.shape, value.element_type)
        _fill(view.buffer, value.data)
        if access.storage_type == "!hal.buffer":
            _store(access, view.buffer, value.shape)
        else:
            access.set(view)
    elif isinstance(value, bytes) and access.storage_type == "!hal.buffer":
        buffer = allocator.allocate_buffer(len(value))
        _fill(buffer, value)
        access.set(buffer)
    elif isinstance(value, bytes):
        host = HostBuffer.allocate(len(value))
        host.data[:] = value
        access.set(host)
    else:
        access.set(value)


def _fill(buffer: Buffer, data: bytes) -> None:
    buffer.to_numpy()[: len(data)] = np.frombuffer(data, np.uint8)
