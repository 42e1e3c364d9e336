"""A `CodeImage` in memory.

In: an image and where the functions are that it calls. Out: addresses. Pages are written first and protected
then: none is ever writable and executable.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
import weakref
from collections.abc import Callable

from gossamer.errors import InternalError
from gossamer.machine_code.code_image import CodeImage, page_end
from gossamer.machine_code.libc import map_memory, protect_memory, unmap_memory


class LoadedCode:
    """Code in memory; it stays as long as this lives, and to the end of the process at its end."""

    def __init__(self, image: CodeImage, find_function: Callable[[str], int | None]) -> None:
        """Map an image, fill in addresses, protect it.

        Args:
            find_function: address of a function that the image does not have itself, by name.
        Raises: InternalError for one that has no address; nothing is loaded then.
        """
        imports = [(place, _found(name, find_function)) for place, name in image.imports]
        base = map_memory(image.length)
        self._finalizer = weakref.finalize(self, unmap_memory, base, image.length)
        # Other threads may still run the code when the interpreter ends.
        self._finalizer.atexit = False
        _fill(image, base, imports)
        _protect(image, base)
        self._addresses = {name: base + offset for name, offset in image.symbols.items()}

    def find(self, symbol: str) -> int:
        """Address of a function; 0 where there is none of that name."""
        return self._addresses.get(symbol, 0)

    def address(self, symbol: str) -> int:
        """Address of a function.

        Raises: InternalError where there is none of that name.
        """
        address = self.find(symbol)
        if not address:
            raise InternalError(f"native code has no symbol {symbol!r}")
        return address


def _found(name: str, find_function: Callable[[str], int | None]) -> int:
    address = find_function(name)
    if not address:
        raise InternalError(f"native code needs the symbol {name!r}, which has no address")
    return address


def _fill(image: CodeImage, base: int, imports: list[tuple[int, int]]) -> None:
    # Safety: the mapping is as long as the image, whose parts and places are inside it (`code_image`).
    parts = (0, image.code), (image.constants_offset, image.constants), (image.data_offset, image.data)
    for offset, contents in parts:
        ctypes.memmove(base + offset, contents, len(contents))
    values = [*imports, *((place, base + offset) for place, offset in image.pointers)]
    for place, value in values:
        ctypes.memmove(base + place, struct.pack("<Q", value), 8)


def _protect(image: CodeImage, base: int) -> None:
    if image.code:
        protect_memory(base, page_end(len(image.code)), mmap.PROT_READ | mmap.PROT_EXEC)
    if image.constants:
        protect_memory(base + image.constants_offset, page_end(len(image.constants)), mmap.PROT_READ)
