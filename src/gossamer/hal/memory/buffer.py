"""Buffers: ranges of memory that a device works on.

A buffer owns a block of the allocator's pool, shares memory with an object of the caller (NumPy array,
bytes, memory map), or is a subspan of another buffer. Its memory lives as long as the buffer or any
NumPy array or memoryview made from it.
In: lengths, foreign memory. Out: addresses for kernels, views for Python.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gossamer.abi.memory_flags import (
    WHOLE_BUFFER,
    BufferUsage,
    MemoryAccess,
    MemoryType,
    buffer_usage_name,
    memory_access_name,
)
from gossamer.errors import FailedPreconditionError, OutOfRangeError, PermissionDeniedError
from gossamer.hal.memory.block_pool import Block, BlockPool, Bytes

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_WRITE = int(MemoryAccess.WRITE)
_DEFAULT_TYPE = int(MemoryType.DEVICE_LOCAL | MemoryType.HOST_VISIBLE)
_DEFAULT_USAGE = int(BufferUsage.DEFAULT | BufferUsage.MAPPING | BufferUsage.MAPPING_PERSISTENT)
_MAXIMUM_U64 = (1 << 64) - 1
_ALL_ACCESS = int(MemoryAccess.ALL)

_new = object.__new__


@lru_cache(maxsize=1024)
def _window_type(byte_length: int) -> Any:
    """Type of so many bytes, which shows memory at an address through the buffer protocol.

    Its objects have an attribute `buffer`: what keeps the memory.
    """
    return type("Window", (ctypes.c_char * byte_length,), {"__slots__": ("buffer",)})


class Buffer:
    """A range of memory.

    Attributes:
        address: of the first byte; 0 once deallocated by a queue.
        byte_length: of the range.
        byte_offset: of the range in `allocated_buffer`.
        memory_type, allowed_usage, allowed_access: bit sets of `hal.memory`.
        allocated_buffer: the buffer that owns the memory; itself unless this is a subspan.
        preserve_count: how many claims keep a queue from deallocating the allocation.
    """

    __slots__ = (
        "__weakref__",
        "_block",
        "_keepalive",
        "address",
        "allocated_buffer_or_none",
        "allowed_access",
        "allowed_usage",
        "byte_length",
        "byte_offset",
        "memory_type",
        "preserve_count",
    )

    def __init__(
        self,
        address: int,
        byte_length: int,
        memory_type: int = _DEFAULT_TYPE,
        allowed_usage: int = _DEFAULT_USAGE,
        allowed_access: int = _ALL_ACCESS,
        *,
        block: Block | None = None,
        keepalive: object = None,
    ) -> None:
        # Safety: `address` stays valid because the buffer holds `block` or `keepalive`.
        self.address = address
        self.byte_length = byte_length
        self.byte_offset = 0
        self.memory_type = memory_type
        self.allowed_usage = allowed_usage
        self.allowed_access = allowed_access
        self.preserve_count = 1
        self.allocated_buffer_or_none: Buffer | None = None
        self._block = block
        self._keepalive = keepalive

    @staticmethod
    def of_block(
        block: Block, byte_length: int, memory_type: int, usage: int, keepalive: object = None
    ) -> Buffer:
        """Make a buffer of a block of the pool, which it gives back when it goes."""
        # Why not by __init__: this runs for every tensor of a program, and takes half as long.
        buffer = _new(Buffer)
        buffer.address = block.address
        buffer.byte_length = byte_length
        buffer.byte_offset = 0
        buffer.memory_type = memory_type
        buffer.allowed_usage = usage
        buffer.allowed_access = _ALL_ACCESS
        buffer.preserve_count = 1
        buffer.allocated_buffer_or_none = None
        buffer._block = block
        buffer._keepalive = keepalive
        return buffer

    def __del__(self) -> None:
        if (block := self._block) is not None:
            block.pool.release(block)

    def __repr__(self) -> str:
        return f"<hal.Buffer of {self.byte_length} bytes at offset {self.byte_offset}>"

    @classmethod
    def wrap(
        cls, memory: ReadableBuffer, *, memory_type: int = _DEFAULT_TYPE, usage: int = _DEFAULT_USAGE
    ) -> Buffer:
        """Make a buffer of memory that another object owns, without a copy.

        Args:
            memory: any object with the buffer protocol, contiguous; kept alive. A read-only one makes a
                buffer that can only be read.
            memory_type, usage: bit sets of `hal.memory`.
        Raises: BufferError or TypeError when the object has no contiguous memory to show.
        """
        view = memoryview(memory)
        if not view.c_contiguous:
            raise BufferError("only contiguous memory can be wrapped")
        array: Bytes = np.frombuffer(view.cast("B") if view.nbytes else b"", np.uint8)
        access = _ALL_ACCESS if not view.readonly else int(MemoryAccess.READ)
        return cls(array.ctypes.data, view.nbytes, memory_type, usage, access, keepalive=array)

    @property
    def allocated_buffer(self) -> Buffer:
        """The buffer that owns the memory; itself unless this is a subspan."""
        return self.allocated_buffer_or_none or self

    @property
    def is_deallocated(self) -> bool:
        """True once a queue deallocation was executed; the contents are out of reach."""
        return self.address == 0

    def range(self, byte_offset: int, byte_length: int) -> tuple[int, int]:
        """Address and length of a part, checked.

        Args:
            byte_offset: from the buffer's start.
            byte_length: of the part, or WHOLE_BUFFER for all that follows the offset.
        Raises: OutOfRangeError when the part passes the buffer, FailedPreconditionError once deallocated.
        """
        available = self.byte_length - byte_offset
        length = available if byte_length == WHOLE_BUFFER else byte_length
        if byte_offset < 0 or length < 0 or length > available:
            raise self._range_error(byte_offset, length)
        if self.address == 0:
            raise FailedPreconditionError("buffer was deallocated by a queue operation")
        return self.address + byte_offset, length

    def _range_error(self, byte_offset: int, length: int) -> OutOfRangeError:
        # Why: programs mean offsets and lengths unsigned, and IREE shows them so.
        offset, length = byte_offset & _MAXIMUM_U64, length & _MAXIMUM_U64
        if offset > self.byte_length:
            return OutOfRangeError(
                "attempted to access an address off the end of the valid buffer range "
                f"(offset={offset}, length={length}, buffer byte_length={self.byte_length})"
            )
        end = offset + length - 1
        return OutOfRangeError(
            "attempted to access an address outside of the valid buffer range (offset="
            f"{offset}, adjusted_length={length}, end={end}, buffer byte_length={self.byte_length})"
        )

    def subspan(self, byte_offset: int, byte_length: int) -> Buffer:
        """Make a buffer of a part of this one, sharing its memory; the whole of it is itself.

        Raises: OutOfRangeError when the part passes the buffer.
        """
        address, length = self.range(byte_offset, byte_length)
        if byte_offset == 0 and length == self.byte_length:
            return self
        part = Buffer(address, length, self.memory_type, self.allowed_usage, self.allowed_access)
        part.byte_offset = self.byte_offset + byte_offset
        part.allocated_buffer_or_none = self.allocated_buffer_or_none or self
        return part

    def require_usage(self, usage: int) -> None:
        """Raise PermissionDeniedError unless every bit of `usage` is allowed."""
        if usage & ~self.allowed_usage:
            raise PermissionDeniedError(
                "requested usage was not specified when the buffer was allocated; "
                f"buffer allows {buffer_usage_name(self.allowed_usage)}, "
                f"operation requires {buffer_usage_name(usage)}"
            )

    def require_access(self, access: int) -> None:
        """Raise PermissionDeniedError unless every bit of `access` is allowed."""
        if access & ~self.allowed_access:
            raise PermissionDeniedError(
                "buffer does not support the requested access type; "
                f"buffer allows {memory_access_name(self.allowed_access)}, "
                f"operation requires {memory_access_name(access)}"
            )

    @property
    def __array_interface__(self) -> dict[str, Any]:
        # NumPy keeps the object it read this from, so the memory lives as long as the array.
        return {
            "data": (self.range(0, WHOLE_BUFFER)[0], not self.allowed_access & _WRITE),
            "shape": (self.byte_length,),
            "typestr": "|u1",
            "version": 3,
        }

    def to_numpy(self, byte_offset: int = 0, byte_length: int = WHOLE_BUFFER) -> Bytes:
        """Bytes of the buffer as a NumPy array that shares its memory; read-only where the buffer is."""
        _, length = self.range(byte_offset, byte_length)
        return np.asarray(self)[byte_offset : byte_offset + length]

    def as_array(self, shape: Sequence[int], dtype: np.dtype[Any], byte_length: int) -> npt.NDArray[Any]:
        """The first bytes as an array that shares the buffer's memory; read-only where the buffer is.

        Args:
            byte_length: of an array of `shape` and `dtype`.
        Raises: OutOfRangeError when the buffer is shorter, FailedPreconditionError once deallocated.
        """
        if byte_length > self.byte_length or not self.address:
            self.range(0, byte_length)
        # Safety: the array holds the window and the window this buffer, so the memory lives as long.
        window = _window_type(byte_length).from_address(self.address)
        window.buffer = self
        array: npt.NDArray[Any] = np.ndarray(shape, dtype, window)
        if not self.allowed_access & _WRITE:
            array.flags.writeable = False
        return array

    def write(self, source: npt.NDArray[Any]) -> None:
        """Copy the elements of an array, row by row, to the start.

        Raises: OutOfRangeError when the buffer is shorter, FailedPreconditionError once deallocated.
        """
        block = self._block
        if block is None or source.nbytes > self.byte_length or not self.address:
            self.as_array(source.shape, source.dtype, source.nbytes)[...] = source
        else:
            np.ndarray(source.shape, source.dtype, block.memory)[...] = source

    def map(self, byte_offset: int = 0, byte_length: int = WHOLE_BUFFER) -> memoryview:
        """Bytes of the buffer as a memoryview that shares its memory; read-only where the buffer is."""
        return self.to_numpy(byte_offset, byte_length).data

    def fork_copy(self, memo: dict[int, object]) -> Buffer:
        """Copy for another state of a program; memory that can only be read is shared.

        Args:
            memo: copies made so far by `id` of the original; subspans of one buffer stay so.
        """
        root = self.allocated_buffer
        # Why by itself too: a program's constants are in `memo` as their own copies.
        if not self.allowed_access & _WRITE or self.address == 0 or memo.get(id(self)) is self:
            return self
        copy = memo.get(id(root))
        if not isinstance(copy, Buffer):
            copy = memo[id(root)] = root.duplicate()
        return copy if root is self else copy.subspan(self.byte_offset, self.byte_length)

    def duplicate(self) -> Buffer:
        """Copy the contents to memory of the same pool, or of a new one where the memory is foreign."""
        if self._block is not None:
            block = self._block.pool.acquire(self.byte_length, self._block.tally)
        else:
            block = BlockPool().acquire(self.byte_length)
        copy = Buffer.of_block(block, self.byte_length, self.memory_type, self.allowed_usage)
        copy.to_numpy()[:] = self.to_numpy()
        copy.allowed_access = self.allowed_access
        return copy

    def deallocate(self) -> None:
        """Put the contents out of reach, as a queue deallocation does.

        The memory goes back to the pool with the last reference to the buffer and its views.
        """
        self.address = 0
