"""Buffers and buffer views under the names of IREE's binding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from gossamer.abi.memory_flags import buffer_usage_name, memory_access_name, memory_type_name
from gossamer.errors import InvalidArgumentError, OutOfRangeError
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.iree_api.host_bytes import HostBytes
from gossamer.runtime.iree_api.refs import RefObject
from gossamer.runtime.iree_api.types import HalElementType
from gossamer.runtime.iree_api.vm.values import memory_order_hex


class MappedMemory(HostBytes):
    """Memory of a buffer: read through the buffer protocol, or seen as arrays."""

    _memory: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, buffer: Buffer) -> Self:
        """Map all of a buffer."""
        memory = buffer.to_numpy()
        mapped = memory.view(cls)
        mapped.flags.writeable = False
        mapped._memory = memory
        return mapped

    def asarray(self, shape: Sequence[int], numpy_dtype_descr: npt.DTypeLike) -> npt.NDArray[Any]:
        """The memory as an array of this shape and type, without a copy.

        Raises: ValueError when the memory is too short for it.
        """
        dtype = np.dtype(numpy_dtype_descr)
        length = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if length > self.nbytes:
            raise InvalidArgumentError(
                f"an array of shape {list(shape)} and dtype {dtype} has {length} bytes, "
                f"{self.nbytes} are mapped"
            )
        return self._memory[:length].view(dtype).reshape(shape)


class HalBuffer(RefObject):
    """A range of device memory."""

    __slots__ = ()
    _object_type = Buffer
    object: Buffer

    def byte_length(self) -> int:
        """Bytes of the buffer."""
        return self.object.byte_length

    def memory_type(self) -> int:
        """Bits of `MemoryType`."""
        return self.object.memory_type

    def allowed_usage(self) -> int:
        """Bits of `BufferUsage`."""
        return self.object.allowed_usage

    def create_view(self, shape: Sequence[int], element_size: int) -> HalBufferView:
        """A view with opaque elements of so many bytes."""
        return HalBufferView(self, shape, element_size * 8)

    def fill_zero(self, byte_offset: int, byte_length: int) -> None:
        """Set bytes to zero. Raises: IndexError when they pass the end."""
        self.object.to_numpy(byte_offset, byte_length)[:] = 0

    def map(self) -> MappedMemory:
        """The buffer's memory."""
        return MappedMemory.of(self.object)

    def __repr__(self) -> str:
        return f"<HalBuffer {_describe(self.object)}>"


class HalBufferView(RefObject):
    """A shaped, typed view of a buffer."""

    __slots__ = ()
    _object_type = BufferView
    object: BufferView

    def __init__(self, buffer: HalBuffer, shape: Sequence[int], element_type: HalElementType | int) -> None:
        """See a buffer as a tensor. Raises: IndexError when it is too short."""
        view = BufferView.create(buffer.object, list(shape), int(element_type))
        if view.byte_length > buffer.object.byte_length:
            raise OutOfRangeError(
                f"buffer view byte length {view.byte_length} exceeds backing buffer byte length "
                f"{buffer.object.byte_length}"
            )
        self.object = view

    @property
    def shape(self) -> list[int]:
        """Dimensions."""
        return list(self.object.shape)

    @property
    def element_type(self) -> int:
        """A `HalElementType`, or the bare code of one without a name."""
        try:
            return HalElementType(self.object.element_type)
        except ValueError:
            return self.object.element_type

    @property
    def byte_length(self) -> int:
        """Bytes of the elements."""
        return self.object.byte_length

    def get_buffer(self) -> HalBuffer:
        """The buffer beneath."""
        return HalBuffer.of(self.object.buffer)

    def map(self) -> MappedMemory:
        """The view's memory."""
        return MappedMemory.of(self.object.buffer)

    def __repr__(self) -> str:
        shape = ", ".join(map(str, self.object.shape))
        element_type = memory_order_hex(self.object.element_type)
        return f"<HalBufferView ({shape}), element_type=0x{element_type}, {_describe(self.object.buffer)}>"


def _describe(buffer: Buffer) -> str:
    return (
        f"{buffer.byte_length} bytes "
        f"(at offset {buffer.byte_offset} into {buffer.allocated_buffer.byte_length}), "
        f"memory_type={memory_type_name(buffer.memory_type)}, "
        f"allowed_access={memory_access_name(buffer.allowed_access)}, "
        f"allowed_usage={buffer_usage_name(buffer.allowed_usage)}"
    )
