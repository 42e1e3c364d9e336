"""How functions of the host are made callable by C.

ctypes takes Python's lock when C calls, from whatever thread, and gives it back after. No exception may leave
a callback: those of fallible functions become statuses, others are reported on stderr as Python does.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from gossamer.modules.c import handles

HostFunction = Any
"""A function pointer of ctypes; it must live as long as C may call it."""

POINTER = ctypes.c_void_p
SIZE = ctypes.c_size_t
NUMBER = ctypes.c_int32
CODE = ctypes.c_uint32
TIMEOUT = ctypes.c_int64


def fallible(*arguments: Any) -> Callable[[Callable[..., None]], HostFunction]:
    """Decorate a function that C calls and that returns a status; what it raises is that status.

    Args:
        arguments: ctypes of its arguments; null is None.
    """
    make = ctypes.CFUNCTYPE(POINTER, *arguments)

    def decorate(function: Callable[..., None]) -> HostFunction:
        def call(*values: Any) -> int | None:
            try:
                function(*values)
            except BaseException as error:
                return handles.hold_failure(error)
            return None

        return make(call)

    return decorate


def infallible(result: Any, *arguments: Any) -> Callable[[Callable[..., Any]], HostFunction]:
    """Decorate a function that C calls and that returns something else than a status, zero if it raises."""
    return ctypes.CFUNCTYPE(result, *arguments)
