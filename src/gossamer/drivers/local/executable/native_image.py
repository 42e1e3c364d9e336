"""Native code in memory, and careful reading of the tables it points to.

In: where the segments of a library are. Out: bytes, strings and code addresses, each checked to be inside.
"""

from __future__ import annotations

import ctypes
import struct
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from gossamer.errors import FormatError, NotFoundError
from gossamer.format.elf import ElfSegment, SegmentFlags

_MAXIMUM_STRING_BYTES = 4096


class _Range(NamedTuple):
    start: int
    end: int
    is_code: bool


class NativeImage:
    """A loaded library; releasing it unmaps its code, so whoever holds an address of it holds the image too.

    Args:
        bias: what to add to addresses of the file.
        segments: of the file.
        symbols: address in memory by name.
        release: called once, when the image is collected; not at the end of the process, when threads may
            still run its code.
    """

    def __init__(
        self,
        bias: int,
        segments: Sequence[ElfSegment],
        symbols: Mapping[str, int],
        release: Callable[[], None],
    ) -> None:
        self._symbols = symbols
        # Processors let code be read; `READ` alone or with either of the others makes a range readable.
        self._ranges = [
            _Range(bias + segment.address, bias + segment.end, bool(segment.flags & SegmentFlags.EXECUTE))
            for segment in segments
            if segment.flags
        ]
        self._finalizer = weakref.finalize(self, release)
        self._finalizer.atexit = False

    def symbol(self, name: str) -> int:
        """Address of an exported symbol.

        Raises: NotFoundError when there is none of that name.
        """
        address = self._symbols.get(name)
        if address is None:
            raise NotFoundError(f"exported symbol with name '{name}' not found in executable")
        self.require_code(address, f"'{name}'")
        return address

    def require_code(self, address: int, what: str) -> None:
        """Check that an address can be called.

        Raises: FormatError when it is not in an executable segment.
        """
        if not any(start <= address < end for start, end, is_code in self._ranges if is_code):
            raise FormatError(f"{what} is no code of the executable")

    def read(self, layout: struct.Struct, address: int, what: str) -> tuple[int, ...]:
        """A struct in the image.

        Raises: FormatError when it is not inside a segment.
        """
        self._require(address, layout.size, what)
        # Safety: the range is inside a mapped segment of this image.
        return layout.unpack(ctypes.string_at(address, layout.size))

    def pointers(self, address: int, count: int, what: str) -> tuple[int, ...]:
        """An array of pointers; the claimed count is checked before anything is read."""
        self._require(address, 8 * count, what)
        return struct.unpack(f"<{count}Q", ctypes.string_at(address, 8 * count))

    def string(self, address: int, what: str) -> str:
        """A string that ends with a zero byte."""
        end = self._require(address, 1, what)
        length = min(end - address, _MAXIMUM_STRING_BYTES)
        text, terminator, _ = ctypes.string_at(address, length).partition(b"\0")
        if not terminator:
            raise FormatError(f"{what} does not end within {length} bytes")
        return text.decode("utf-8", "backslashreplace")

    def _require(self, address: int, length: int, what: str) -> int:
        for start, end, _ in self._ranges:
            if start <= address and address + length <= end:
                return end
        raise FormatError(f"{what}: {length} bytes at an address outside of the executable")
