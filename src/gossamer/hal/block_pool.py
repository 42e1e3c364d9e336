"""Blocks of aligned memory, kept for reuse so that repeated calls work on warm pages.

A freed block goes to the list of its size class and the next allocation of that class takes it from there.
There are eight classes for each power of two, so a block is at most an eighth larger than what was asked.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from gossamer.errors import ResourceExhaustedError
from gossamer.hal.memory import ALIGNMENT

Bytes: TypeAlias = npt.NDArray[np.uint8]

_CLASS_BITS = 3
_LARGEST_SIZE = 1 << 47
_REMEMBERED_LENGTHS = 4096


def size_class(length_bytes: int) -> int:
    """Bytes of the block that serves a request: a multiple of 64, at most an eighth more than asked."""
    shift = max(length_bytes.bit_length() - 1 - _CLASS_BITS, 6)
    return max((length_bytes + (1 << shift) - 1) >> shift << shift, ALIGNMENT)


class Block:
    """A piece of memory; `address` is 64-byte aligned and valid as long as the block exists."""

    __slots__ = ("_memory", "address", "pool", "size")

    def __init__(self, pool: BlockPool, size: int) -> None:
        self._memory: Bytes = np.empty(size + ALIGNMENT, np.uint8)
        start: int = self._memory.ctypes.data
        self.address = (start + ALIGNMENT - 1) & -ALIGNMENT
        self.size = size
        self.pool = pool


class BlockPool:
    """Free blocks by size class.

    Attributes:
        capacity_bytes: most that may be in use at a time, or None for no limit of ours.
        retained_limit_bytes: most that free blocks may take; a block over that is given back to the system.
        live_bytes: in use now.
        peak_bytes: most that was in use at a time.
        retained_bytes: held by free blocks now.
    """

    __slots__ = (
        "_classes",
        "_free",
        "allocated_bytes",
        "capacity_bytes",
        "freed_bytes",
        "live_bytes",
        "peak_bytes",
        "retained_bytes",
        "retained_limit_bytes",
    )

    def __init__(self, *, capacity_bytes: int | None = None, retained_limit_bytes: int = 1 << 30) -> None:
        self._free: dict[int, list[Block]] = {}
        self._classes: dict[int, tuple[int, list[Block]]] = {}
        self.capacity_bytes = capacity_bytes
        self.retained_limit_bytes = retained_limit_bytes
        self.live_bytes = 0
        self.peak_bytes = 0
        self.retained_bytes = 0
        self.allocated_bytes = 0
        self.freed_bytes = 0

    def acquire(self, length_bytes: int) -> Block:
        """Take a block of at least `length_bytes`; its contents are undefined.

        Raises: ResourceExhaustedError over the capacity, or when the system has no more memory.
        """
        # Why no lock: a list's pop is atomic, and so are the sums below in CPython, which neither switches
        # threads nor runs finalizers between the load and the store of `self.x += n`.
        size, free = self._classes.get(length_bytes) or self._add_class(length_bytes)
        if self.capacity_bytes is not None:
            self._check_capacity(size)
        try:
            block = free.pop()
            self.retained_bytes -= size
        except IndexError:
            block = self._create(size)
        self.allocated_bytes += size
        self.live_bytes = live_bytes = self.live_bytes + size
        if live_bytes > self.peak_bytes:
            self.peak_bytes = live_bytes
        return block

    def release(self, block: Block) -> None:
        """Give a block back; the caller must not touch its memory again."""
        size = block.size
        self.live_bytes -= size
        self.freed_bytes += size
        if self.retained_bytes + size <= self.retained_limit_bytes:
            self.retained_bytes += size
            self._free[size].append(block)

    def trim(self) -> None:
        """Give every free block back to the system."""
        for blocks in list(self._free.values()):
            while blocks:
                try:
                    self.retained_bytes -= blocks.pop().size
                except IndexError:
                    break

    def _add_class(self, length_bytes: int) -> tuple[int, list[Block]]:
        size = size_class(length_bytes)
        found = (size, self._free.setdefault(size, []))
        if len(self._classes) < _REMEMBERED_LENGTHS:
            self._classes[length_bytes] = found
        return found

    def _create(self, size: int) -> Block:
        if size > _LARGEST_SIZE:
            raise ResourceExhaustedError(f"cannot allocate {size} bytes: larger than the address space")
        try:
            return Block(self, size)
        except MemoryError as error:
            raise ResourceExhaustedError(f"the system has no {size} bytes of memory left") from error

    def _check_capacity(self, size: int) -> None:
        capacity = self.capacity_bytes
        if capacity is not None and self.live_bytes + size > capacity:
            raise ResourceExhaustedError(
                f"cannot allocate {size} bytes: {self.live_bytes} of {capacity} bytes are in use"
            )
