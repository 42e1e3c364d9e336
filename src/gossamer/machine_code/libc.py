"""The door to the C library: its functions, memory with chosen protection, and shared libraries.

In: names, lengths, addresses, paths. Out: addresses and handles; failures as StatusErrors.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
from functools import cache

from gossamer.errors import (
    FailedPreconditionError,
    PermissionDeniedError,
    ResourceExhaustedError,
    StatusError,
    UnimplementedError,
)

_LIBRARY_NAMES = (None, "libm.so.6", "libc.so.6", "libSystem.dylib")
_MAP_FAILED = ctypes.c_void_p(-1).value


class _SymbolInfo(ctypes.Structure):
    """`Dl_info`: which library an address belongs to."""

    _fields_ = (
        ("file_name", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol_name", ctypes.c_char_p),
        ("symbol_address", ctypes.c_void_p),
    )


@cache
def _library() -> ctypes.CDLL:
    if os.name != "posix":
        raise UnimplementedError("native executables need a POSIX C library")
    library = ctypes.CDLL(None, use_errno=True)
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    library.mmap.restype = pointer
    library.mmap.argtypes = (pointer, size, number, number, number, ctypes.c_int64)
    library.mprotect.argtypes = (pointer, size, number)
    library.munmap.argtypes = (pointer, size)
    library.dlopen.restype = pointer
    library.dlopen.argtypes = (ctypes.c_char_p, number)
    library.dlsym.restype = pointer
    library.dlsym.argtypes = (pointer, ctypes.c_char_p)
    library.dlclose.argtypes = (pointer,)
    library.dlerror.restype = ctypes.c_char_p
    library.dlerror.argtypes = ()
    library.dladdr.argtypes = (pointer, ctypes.POINTER(_SymbolInfo))
    return library


@cache
def find_function(name: str) -> int | None:
    """Address of a function of the C library or its mathematics; None where the system lacks it."""
    for library in _LIBRARY_NAMES:
        try:
            function = ctypes.CDLL(library)[name]
        except (OSError, AttributeError):
            continue
        return ctypes.cast(function, ctypes.c_void_p).value
    return None


def map_memory(length: int) -> int:
    """Address of fresh zeroed pages that can be read and written.

    Raises: ResourceExhaustedError when there is no memory.
    """
    address: int | None = _library().mmap(
        None, length, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0
    )
    if address in (None, _MAP_FAILED):
        raise ResourceExhaustedError(f"mapping {length} bytes failed: {os.strerror(ctypes.get_errno())}")
    return address


def protect_memory(address: int, length: int, protection: int) -> None:
    """Set what may be done with whole pages; `protection` is of `mmap.PROT_*`.

    Raises: PermissionDeniedError when the system does not allow it.
    """
    if _library().mprotect(address, length, protection):
        number = ctypes.get_errno()
        message = f"protecting {length} bytes of code failed: {os.strerror(number)}"
        if number in (errno.EACCES, errno.EPERM):
            raise PermissionDeniedError(message)
        raise ResourceExhaustedError(message)


def unmap_memory(address: int, length: int) -> None:
    """Give mapped pages back."""
    _library().munmap(address, length)


def open_library(path: str, *, is_global: bool = False) -> int:
    """Load a shared library with all its symbols resolved; returns its handle.

    Raises: FailedPreconditionError when the system's loader refuses it.
    """
    flags = os.RTLD_NOW | (os.RTLD_GLOBAL if is_global else os.RTLD_LOCAL)
    handle: int | None = _library().dlopen(path.encode(), flags)
    if not handle:
        raise _loader_error("loading a shared library failed")
    return handle


def find_symbol(handle: int, name: str) -> int | None:
    """Address of a symbol of a loaded library."""
    return _library().dlsym(handle, name.encode())


def close_library(handle: int) -> None:
    """Unload a library when nobody else uses it."""
    _library().dlclose(handle)


def library_base(address: int) -> int:
    """Where the library that an address belongs to was loaded."""
    info = _SymbolInfo()
    if not _library().dladdr(address, ctypes.byref(info)) or not info.base:
        raise FailedPreconditionError("shared library has code outside of its segments")
    return info.base


def _loader_error(message: str) -> StatusError:
    reason: bytes | None = _library().dlerror()
    return FailedPreconditionError(f"{message}: {(reason or b'unknown reason').decode(errors='replace')}")
