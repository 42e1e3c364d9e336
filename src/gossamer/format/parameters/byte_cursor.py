"""Reads little-endian values one after another, each checked to be there."""

from __future__ import annotations

import struct

from gossamer.errors import FormatError

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


class ByteCursor:
    """A place in a file that moves on as values are read.

    Attributes:
        data: the whole file.
        position: of the next byte.
        table: name of the format, for errors.
    """

    __slots__ = ("data", "position", "table")

    def __init__(self, data: memoryview, table: str) -> None:
        self.data = data
        self.position = 0
        self.table = table

    def error(self, message: str, position: int | None = None, index: int | None = None) -> FormatError:
        """Make an error about the next byte, or the one at `position`."""
        where = self.position if position is None else position
        return FormatError(message, offset=where, table=self.table, index=index)

    def skip(self, length: int, what: str) -> int:
        """Move over bytes; returns where they start.

        Raises: FormatError where the file ends before them.
        """
        left = len(self.data) - self.position
        if length > left:
            raise self.error(f"{what} of {length} bytes is cut off after {left}")
        start = self.position
        self.position += length
        return start

    def u32(self, what: str) -> int:
        """Read an unsigned number of 4 bytes."""
        return _U32.unpack_from(self.data, self.skip(4, what))[0]

    def u64(self, what: str) -> int:
        """Read an unsigned number of 8 bytes."""
        return _U64.unpack_from(self.data, self.skip(8, what))[0]

    def string(self, what: str) -> bytes:
        """Read bytes after their number of 8 bytes."""
        length = self.u64(f"length of {what}")
        start = self.skip(length, what)
        return bytes(self.data[start : start + length])
