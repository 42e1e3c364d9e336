"""Allocators: where a device's buffers come from.

In: lengths, memory types and usages. Out: buffers, fresh or over memory of another object.
Mirrors `iree/hal/allocator.h`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.abi.memory_flags import BufferUsage, MemoryType
from gossamer.hal.memory.allocator_statistics import AllocatorStatistics
from gossamer.hal.memory.buffer import Buffer

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

DEFAULT_MEMORY_TYPE = int(MemoryType.DEVICE_LOCAL)
DEFAULT_USAGE = int(BufferUsage.DEFAULT)


class Allocator:
    """What drivers implement, or take `HeapAllocator` for."""

    __slots__ = ()

    def allocate_buffer(
        self, byte_length: int, memory_type: int = DEFAULT_MEMORY_TYPE, usage: int = DEFAULT_USAGE
    ) -> Buffer:
        """Allocate a buffer; its contents are undefined and its address is 64-byte aligned.

        Args:
            memory_type, usage: bit sets of `abi.memory_flags`.
        Raises: InvalidArgumentError on a negative length, ResourceExhaustedError when memory is short or a
            limit of the present calls is passed.
        """
        raise NotImplementedError

    def import_memory(
        self, memory: ReadableBuffer, memory_type: int, usage: int, *, read_only: bool = False
    ) -> Buffer:
        """Make a buffer of memory that another object owns, without a copy; the object is kept alive.

        Args:
            memory: any object with the buffer protocol, contiguous.
            memory_type, usage: bit sets of `abi.memory_flags`.
            read_only: allow reads only, even where the memory could be written.
        """
        raise NotImplementedError

    def trim(self) -> None:
        """Give memory held for reuse back to the system."""
        raise NotImplementedError

    @property
    def statistics(self) -> AllocatorStatistics:
        """Bytes in use, at peak, and in total."""
        raise NotImplementedError
