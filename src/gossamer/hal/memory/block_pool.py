"""Blocks of aligned memory, kept for reuse so that repeated calls work on warm pages.

A freed block goes to the list of its size class and the next allocation of that class takes it from there.
There are eight classes for each power of two, so a block is at most an eighth larger than what was asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from gossamer.abi.memory_flags import ALIGNMENT
from gossamer.errors import ResourceExhaustedError
from gossamer.hal.memory.allocator_statistics import MemoryTally

Bytes: TypeAlias = npt.NDArray[np.uint8]

_CLASS_BITS = 3
_LARGEST_SIZE = 1 << 47
_REMEMBERED_LENGTHS = 4096


def size_class(length_bytes: int) -> int:
    """Bytes of the block that serves a request: a multiple of 64, at most an eighth more than asked."""
    shift = max(length_bytes.bit_length() - 1 - _CLASS_BITS, 6)
    return max((length_bytes + (1 << shift) - 1) >> shift << shift, ALIGNMENT)


@dataclass(frozen=True, slots=True)
class Retention:
    """How much memory is held for reuse; a freed block over that goes back to the system.

    Attributes:
        total_bytes: of all free blocks.
        block_bytes: of one.
        block_count: how many.
    """

    total_bytes: int = 1 << 30
    block_bytes: int = _LARGEST_SIZE
    block_count: int = 1 << 32


DEFAULT_RETENTION = Retention()


class Block:
    """A piece of memory.

    Attributes:
        address: of the first byte; 64-byte aligned and valid as long as `memory` exists.
        memory: its bytes.
        siblings: the free blocks of its size.
        size: bytes of the block.
        length: bytes of the allocation it serves.
        tally: where that allocation is counted.
    """

    __slots__ = ("address", "length", "memory", "pool", "siblings", "size", "tally")

    def __init__(self, pool: BlockPool, size: int, siblings: list[Block]) -> None:
        array: Bytes = np.empty(size + ALIGNMENT, np.uint8)
        start: int = array.ctypes.data
        self.address = (start + ALIGNMENT - 1) & -ALIGNMENT
        self.memory = array.data[self.address - start :][:size]
        self.size = size
        self.pool = pool
        self.siblings = siblings
        self.length = 0
        self.tally = pool.device


class BlockPool:
    """Free blocks by size class.

    Attributes:
        capacity_bytes: most that may be in use at a time, or None for no limit of ours. Blocks held for reuse
            give way before it is passed.
        retention: what is held for reuse.
        host, device: sums of allocations, by kind of memory.
    """

    __slots__ = (
        "_classes",
        "_free",
        "_keeps_all",
        "_reserved_bytes",
        "_reserved_count",
        "capacity_bytes",
        "device",
        "host",
        "retention",
    )

    def __init__(
        self, *, capacity_bytes: int | None = None, retention: Retention = DEFAULT_RETENTION
    ) -> None:
        self._free: dict[int, list[Block]] = {}
        self._classes: dict[int, tuple[int, list[Block]]] = {}
        self.capacity_bytes = capacity_bytes
        self.retention = retention
        self._reserved_bytes = 0
        self._reserved_count = 0
        self._keeps_all = False
        self.host = MemoryTally()
        self.device = MemoryTally()

    @property
    def retained_bytes(self) -> int:
        """Bytes of free blocks now."""
        return sum(size * len(blocks) for size, blocks in list(self._free.items()))

    @property
    def retained_count(self) -> int:
        """Free blocks now."""
        return sum(map(len, list(self._free.values())))

    def acquire(self, length_bytes: int, tally: MemoryTally | None = None) -> Block:
        """Take a block of at least `length_bytes`; its contents are undefined.

        Args:
            tally: `host` or `device`; `device` where left out.
        Raises: ResourceExhaustedError over the capacity, or when the system has no more memory.
        """
        # Why no lock: a list's pop is atomic, and so are the sums below in CPython, which neither switches
        # threads nor runs finalizers between the load and the store of `self.x += n`.
        size, free = self._classes.get(length_bytes) or self._add_class(length_bytes)
        if self.capacity_bytes is not None:
            self._make_room(length_bytes, size, self.capacity_bytes)
        try:
            block = free.pop()
        except IndexError:
            block = self._create(size, free)
        block.length = length_bytes
        block.tally = tally = tally or self.device
        tally.allocated_bytes = allocated_bytes = tally.allocated_bytes + length_bytes
        live_bytes = allocated_bytes - tally.freed_bytes
        if live_bytes > tally.peak_bytes:
            tally.peak_bytes = live_bytes
        return block

    def release(self, block: Block) -> None:
        """Give a block back; the caller must not touch its memory again."""
        block.tally.freed_bytes += block.length
        if self._keeps_all or self._is_kept(block):
            block.siblings.append(block)
        else:
            self._reserve(-block.size, -1)

    def trim(self) -> None:
        """Give every free block back to the system."""
        for blocks in list(self._free.values()):
            while blocks:
                try:
                    self._reserve(-blocks.pop().size, -1)
                except IndexError:
                    break

    def _reserve(self, size: int, count: int) -> None:
        """Account for memory taken from the system, or given back."""
        self._reserved_bytes += size
        self._reserved_count += count
        limits = self.retention
        # Why: what all blocks together do not pass, no free ones do. So releasing one rarely needs to look.
        self._keeps_all = (
            self._reserved_bytes <= min(limits.total_bytes, limits.block_bytes)
            and self._reserved_count <= limits.block_count
        )

    def _is_kept(self, block: Block) -> bool:
        limits = self.retention
        return (
            block.size <= limits.block_bytes
            and self.retained_bytes + block.size <= limits.total_bytes
            and self.retained_count < limits.block_count
        )

    def _add_class(self, length_bytes: int) -> tuple[int, list[Block]]:
        size = size_class(length_bytes)
        found = (size, self._free.setdefault(size, []))
        if len(self._classes) < _REMEMBERED_LENGTHS:
            self._classes[length_bytes] = found
        return found

    def _create(self, size: int, siblings: list[Block]) -> Block:
        if size > _LARGEST_SIZE:
            raise ResourceExhaustedError(f"cannot allocate {size} bytes: larger than the address space")
        try:
            block = Block(self, size, siblings)
        except MemoryError as error:
            raise ResourceExhaustedError(f"the system has no {size} bytes of memory left") from error
        self._reserve(size, 1)
        return block

    def _make_room(self, length_bytes: int, size: int, capacity_bytes: int) -> None:
        live_bytes = self.host.live_bytes + self.device.live_bytes
        if live_bytes + length_bytes > capacity_bytes:
            raise ResourceExhaustedError(
                f"cannot allocate {length_bytes} bytes: {live_bytes} of {capacity_bytes} bytes are in use"
            )
        if live_bytes + self.retained_bytes + size > capacity_bytes and not self._free.get(size):
            self.trim()
