"""Addresses of what native code may call: the C library's mathematics and memory functions."""

from __future__ import annotations

import ctypes
from functools import cache

from gossamer.vm.jit.float_operations import LIBM_BINARY, LIBM_PREFIX, LIBM_UNARY

_LIBRARY_NAMES = (None, "libm.so.6", "libc.so.6", "libSystem.dylib", "ucrtbase")
# What LLVM makes of its own intrinsics where the processor has no instruction for them.
_PLAIN_NAMES = (
    *("memcpy", "memmove", "memset", "memcmp", "bcmp", "calloc", "free"),
    *("ceil", "floor", "round", "roundeven", "rint", "trunc"),
    *("ceilf", "floorf", "roundf", "roundevenf", "rintf", "truncf"),
)


@cache
def external_addresses() -> dict[str, int]:
    """Address by symbol; names this platform does not have are left out."""
    names = {LIBM_PREFIX + name: name for base in _libm_names() for name in (base, base + "f")}
    names.update({name: name for name in _PLAIN_NAMES})
    found = {symbol: _find(name) for symbol, name in names.items()}
    return {symbol: address for symbol, address in found.items() if address}


def _libm_names() -> tuple[str, ...]:
    return (*LIBM_UNARY, *LIBM_BINARY.values())


def _find(name: str) -> int:
    for library in _LIBRARY_NAMES:
        try:
            function = ctypes.CDLL(library)[name]
        except (OSError, AttributeError):
            continue
        return ctypes.cast(function, ctypes.c_void_p).value or 0
    return 0
