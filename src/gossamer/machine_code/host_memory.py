"""Memory of this process by address, and the address of memory that Python objects own.

Why not arrays of ctypes: each length is a type of its own, which takes longer to make than most uses of it.
"""

from __future__ import annotations

import ctypes
from typing import Any

_PY_BUF_WRITE = 0x200


def address_of(memory: bytearray) -> int:
    """Address of the first byte; it stays the same as long as the array lives and keeps its length."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory)) if memory else 0


def view_memory(address: int, length: int) -> memoryview:
    """Bytes at an address, to be read and written; nothing keeps them alive."""
    # Safety: the caller knows that there is such memory, and lets go of the view before it goes.
    return _memory_view(address, length, _PY_BUF_WRITE)


def _memory_view_function() -> Any:
    prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int)
    return prototype(("PyMemoryView_FromMemory", ctypes.pythonapi))


_memory_view = _memory_view_function()
