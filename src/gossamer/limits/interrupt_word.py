"""The words through which native code learns that it is to stop.

    0 i32 flags    4 unused    8 i64 steps left

Native code reads the flags where a loop may go on for long. While they are 0 it goes on.
"""

from __future__ import annotations

import ctypes

STOP = 1
"""Flag: return status CANCELLED."""
COUNT_STEPS = 2
"""Flag: take one from the steps left, and stop where that is below zero."""

STEPS_OFFSET = 8


class InterruptWord(ctypes.Structure):
    """One scope's words; their address is valid as long as the object."""

    _fields_ = (("flags", ctypes.c_int32), ("unused", ctypes.c_int32), ("steps", ctypes.c_int64))


_never = InterruptWord()
NEVER_INTERRUPTED = ctypes.addressof(_never)
"""Address of words that stay 0, for calls outside of any scope."""
