"""Files: sources and targets of queue reads and writes; here, memory that stands for a file.

In: memory of an object with the buffer protocol. Out: ranges of it, checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.abi.memory_flags import MemoryAccess
from gossamer.errors import OutOfRangeError, PermissionDeniedError
from gossamer.hal.memory.buffer import Buffer

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_WRITE = int(MemoryAccess.WRITE)


class File:
    """A file whose contents are in memory.

    Attributes:
        contents: the bytes as a buffer; shares the memory it was made of.
    """

    __slots__ = ("__weakref__", "contents")

    def __init__(self, memory: ReadableBuffer, *, read_only: bool = True) -> None:
        self.contents = Buffer.wrap(memory)
        if read_only:
            self.contents.allowed_access = int(MemoryAccess.READ)

    @property
    def byte_length(self) -> int:
        """Size of the file."""
        return self.contents.byte_length

    def range(self, offset: int, length: int, *, write: bool = False) -> tuple[int, int]:
        """Address and length of a part.

        Raises: OutOfRangeError when it passes the end, PermissionDeniedError on a write that is not allowed.
        """
        if write and not self.contents.allowed_access & _WRITE:
            raise PermissionDeniedError("file is read-only")
        if offset < 0 or length < 0 or offset + length > self.byte_length:
            raise OutOfRangeError(
                f"file range [{offset}, {offset + length}) passes its end at {self.byte_length} bytes"
            )
        return self.contents.range(offset, length)
