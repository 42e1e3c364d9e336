"""Allocators: where a device's buffers come from.

In: lengths, memory types and usages. Out: buffers, from a pool of warm blocks or sharing foreign memory.
Mirrors `iree/hal/allocator_heap.c`: memory is always visible to the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError
from gossamer.hal.block_pool import BlockPool
from gossamer.hal.buffer import Buffer
from gossamer.hal.memory import BufferUsage, MemoryAccess, MemoryType

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_OPTIMAL = int(MemoryType.OPTIMAL)
_HOST_VISIBLE = int(MemoryType.HOST_VISIBLE)
_DEFAULT_TYPE = int(MemoryType.DEVICE_LOCAL)
_DEFAULT_USAGE = int(BufferUsage.DEFAULT)
# The host copies to and from every buffer through a mapping.
_HOST_USAGE = int(BufferUsage.TRANSFER | BufferUsage.MAPPING | BufferUsage.MAPPING_PERSISTENT)
_ALL_ACCESS = int(MemoryAccess.ALL)
_READ = int(MemoryAccess.READ)


@dataclass(frozen=True, slots=True)
class AllocatorStatistics:
    """Bytes of an allocator's life.

    Attributes:
        peak_bytes: most in use at a time.
        allocated_bytes, freed_bytes: sums over all allocations so far.
        live_bytes: in use now.
        retained_bytes: held for reuse now.
    """

    peak_bytes: int
    allocated_bytes: int
    freed_bytes: int
    live_bytes: int
    retained_bytes: int


class Allocator:
    """Allocates buffers in host memory."""

    __slots__ = ("_pool",)

    def __init__(self, *, capacity_bytes: int | None = None) -> None:
        self._pool = BlockPool(capacity_bytes=capacity_bytes)

    def allocate_buffer(
        self, byte_length: int, memory_type: int = _DEFAULT_TYPE, usage: int = _DEFAULT_USAGE
    ) -> Buffer:
        """Allocate a buffer; its contents are undefined and its address is 64-byte aligned.

        Raises: InvalidArgumentError on a negative length, ResourceExhaustedError when memory is short.
        """
        if byte_length < 0:
            raise InvalidArgumentError(f"cannot allocate a buffer of {byte_length} bytes")
        block = self._pool.acquire(byte_length)
        return Buffer(
            block.address,
            byte_length,
            memory_type & ~_OPTIMAL | _HOST_VISIBLE,
            usage | _HOST_USAGE,
            _ALL_ACCESS,
            block=block,
        )

    def import_memory(
        self, memory: ReadableBuffer, memory_type: int, usage: int, *, read_only: bool = False
    ) -> Buffer:
        """Make a buffer of memory that another object owns, without a copy; the object is kept alive.

        Args:
            memory: any object with the buffer protocol, contiguous.
            read_only: allow reads only, even where the memory could be written.
        """
        buffer = Buffer.wrap(
            memory, memory_type=memory_type & ~_OPTIMAL | _HOST_VISIBLE, usage=usage | _HOST_USAGE
        )
        if read_only:
            buffer.allowed_access = _READ
        return buffer

    def trim(self) -> None:
        """Give memory held for reuse back to the system."""
        self._pool.trim()

    @property
    def statistics(self) -> AllocatorStatistics:
        """Bytes in use, at peak, and in total."""
        pool = self._pool
        return AllocatorStatistics(
            pool.peak_bytes, pool.allocated_bytes, pool.freed_bytes, pool.live_bytes, pool.retained_bytes
        )
