"""Allocators in host memory.

In: lengths, memory types and usages. Out: buffers, from a pool of warm blocks or sharing foreign memory.
Mirrors `iree/hal/allocator_heap.c`: memory is always visible to the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.abi.memory_flags import BufferUsage, MemoryAccess, MemoryType
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import DEFAULT_MEMORY_TYPE, DEFAULT_USAGE, Allocator
from gossamer.hal.memory.allocator_statistics import AllocatorStatistics
from gossamer.hal.memory.block_pool import DEFAULT_RETENTION, BlockPool, Retention
from gossamer.hal.memory.buffer import Buffer
from gossamer.limits.memory import open_account
from gossamer.limits.scope import current_scope

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_OPTIMAL = int(MemoryType.OPTIMAL)
_HOST_VISIBLE = int(MemoryType.HOST_VISIBLE)
_HOST_LOCAL = int(MemoryType.HOST_LOCAL)
# The host copies to and from every buffer through a mapping.
_HOST_USAGE = int(BufferUsage.TRANSFER | BufferUsage.MAPPING | BufferUsage.MAPPING_PERSISTENT)
_READ = int(MemoryAccess.READ)


class HeapAllocator(Allocator):
    """Allocates buffers in host memory."""

    __slots__ = ("_fill", "_pool")

    def __init__(
        self,
        *,
        capacity_bytes: int | None = None,
        retention: Retention = DEFAULT_RETENTION,
        fill: int | None = None,
    ) -> None:
        """Make an allocator.

        Args:
            capacity_bytes: most that its buffers may take at a time, or None for no limit.
            retention: memory to hold for reuse.
            fill: a byte that new buffers are filled with, to find reads of what was never written.
        """
        self._pool = BlockPool(capacity_bytes=capacity_bytes, retention=retention)
        self._fill = fill

    def allocate_buffer(
        self, byte_length: int, memory_type: int = DEFAULT_MEMORY_TYPE, usage: int = DEFAULT_USAGE
    ) -> Buffer:
        """Allocate a buffer in host memory; see `Allocator.allocate_buffer`."""
        if byte_length < 0:
            raise InvalidArgumentError(f"cannot allocate a buffer of {byte_length} bytes")
        account = None if current_scope() is None else open_account(byte_length)
        pool = self._pool
        is_host_local = memory_type & _HOST_LOCAL == _HOST_LOCAL
        block = pool.acquire(byte_length, pool.host if is_host_local else pool.device)
        memory_type = memory_type & ~_OPTIMAL | _HOST_VISIBLE
        buffer = Buffer.of_block(block, byte_length, memory_type, usage | _HOST_USAGE, account)
        if self._fill is not None:
            buffer.to_numpy()[:] = self._fill
        return buffer

    def import_memory(
        self, memory: ReadableBuffer, memory_type: int, usage: int, *, read_only: bool = False
    ) -> Buffer:
        """Make a buffer of memory that another object owns; see `Allocator.import_memory`."""
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
        return AllocatorStatistics(pool.host.statistics(), pool.device.statistics(), pool.retained_bytes)
