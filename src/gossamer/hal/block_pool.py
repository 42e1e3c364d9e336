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
    """A piece of memory.

    Attributes:
        address: of the first byte; 64-byte aligned and valid as long as `memory` exists.
        memory: its bytes.
        size: bytes.
        pool: where it goes when it is released, to the list `siblings`.
    """

    __slots__ = ("address", "memory", "pool", "siblings", "size")

    def __init__(self, pool: BlockPool, size: int, siblings: list[Block]) -> None:
        array: Bytes = np.empty(size + ALIGNMENT, np.uint8)
        start: int = array.ctypes.data
        self.address = (start + ALIGNMENT - 1) & -ALIGNMENT
        self.memory = array.data[self.address - start :][:size]
        self.size = size
        self.pool = pool
        self.siblings = siblings


class BlockPool:
    """Free blocks by size class.

    Attributes:
        capacity_bytes: most that may be in use at a time, or None for no limit of ours.
        retained_limit_bytes: most that free blocks may take; a block over that is given back to the system.
        allocated_bytes: sum over all blocks ever taken.
        live_bytes: in use now.
        peak_bytes: most that was in use at a time.
    """

    __slots__ = (
        "_classes",
        "_free",
        "_reserved_bytes",
        "allocated_bytes",
        "capacity_bytes",
        "live_bytes",
        "peak_bytes",
        "retained_limit_bytes",
    )

    def __init__(self, *, capacity_bytes: int | None = None, retained_limit_bytes: int = 1 << 30) -> None:
        self._free: dict[int, list[Block]] = {}
        self._classes: dict[int, tuple[int, list[Block]]] = {}
        self._reserved_bytes = 0
        self.capacity_bytes = capacity_bytes
        self.retained_limit_bytes = retained_limit_bytes
        self.live_bytes = 0
        self.peak_bytes = 0
        self.allocated_bytes = 0

    @property
    def retained_bytes(self) -> int:
        """Held by free blocks now."""
        return self._reserved_bytes - self.live_bytes

    @property
    def freed_bytes(self) -> int:
        """Sum over all blocks ever released."""
        return self.allocated_bytes - self.live_bytes

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
        except IndexError:
            block = self._create(size, free)
        self.allocated_bytes += size
        self.live_bytes = live_bytes = self.live_bytes + size
        if live_bytes > self.peak_bytes:
            self.peak_bytes = live_bytes
        return block

    def release(self, block: Block) -> None:
        """Give a block back; the caller must not touch its memory again."""
        size = block.size
        self.live_bytes = live_bytes = self.live_bytes - size
        if self._reserved_bytes - live_bytes <= self.retained_limit_bytes:
            block.siblings.append(block)
        else:
            self._reserved_bytes -= size

    def trim(self) -> None:
        """Give every free block back to the system."""
        for blocks in list(self._free.values()):
            while blocks:
                try:
                    self._reserved_bytes -= blocks.pop().size
                except IndexError:
                    break

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
        self._reserved_bytes += size
        return block

    def _check_capacity(self, size: int) -> None:
        capacity = self.capacity_bytes
        if capacity is not None and self.live_bytes + size > capacity:
            raise ResourceExhaustedError(
                f"cannot allocate {size} bytes: {self.live_bytes} of {capacity} bytes are in use"
            )
