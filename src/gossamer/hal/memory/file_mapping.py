"""Files mapped into memory copy-on-write, any part of which can be mapped once more.

Programs import constants of the files they come from as buffers, which kernels get by address. Each import is
a mapping of its own: what a kernel writes there is seen by that program alone, and the file's bytes are in
memory once.
"""

from __future__ import annotations

import mmap
import os
from typing import Self, cast

import numpy as np

from gossamer.errors import DataLossError
from gossamer.hal.memory.block_pool import BlockPool


class FileMapping(mmap.mmap):
    """A whole file, mapped; writing to it changes this mapping only."""

    _file: int

    def __new__(cls, file: int) -> Self:
        """Map a file that is not empty.

        Args:
            file: a descriptor open for reading; it may be closed afterwards.
        """
        mapping = super().__new__(cls, file, 0, access=mmap.ACCESS_COPY)
        mapping._file = os.dup(file)
        return mapping

    def __del__(self) -> None:
        os.close(self._file)

    def private_part(self, part: memoryview) -> memoryview:
        """Map a part once more.

        Args:
            part: a view of memory of this mapping.
        Returns: the same bytes of the file, in memory that nobody else writes to.
        Raises: DataLossError where the file has become shorter.
        """
        length = part.nbytes
        start = _address(memoryview(self))
        offset = _address(part) - start if length else 0
        page = offset - offset % mmap.ALLOCATIONGRANULARITY
        try:
            mapped = mmap.mmap(self._file, length + offset - page, access=mmap.ACCESS_COPY, offset=page)
        except (OSError, ValueError) as error:
            raise DataLossError(f"a mapped file has changed: {error}") from error
        return memoryview(mapped)[offset - page :][:length]


def private_memory(memory: memoryview) -> memoryview:
    """Memory with the same bytes as some, that may be written to without harm to others.

    A mapped file is mapped once more, what cannot be written is copied, other memory is taken as it is: it
    belongs to who wants to share it.
    """
    mapping = _mapping_of(memory)
    if mapping is not None:
        return mapping.private_part(memory)
    if not memory.readonly:
        return memory
    block = BlockPool().acquire(memory.nbytes)
    copy = block.memory[: memory.nbytes]
    copy[:] = memory.cast("B")
    return copy


def _mapping_of(memory: memoryview) -> FileMapping | None:
    """The mapping that memory is part of, through arrays and views over it."""
    owner: object = memory
    while not isinstance(owner, FileMapping):
        if isinstance(owner, memoryview):
            owner = owner.obj
        elif isinstance(owner, np.ndarray):
            owner = cast("object", owner.base)
        else:
            return None
    return owner


def _address(view: memoryview) -> int:
    return int(np.frombuffer(view, np.uint8).ctypes.data)
