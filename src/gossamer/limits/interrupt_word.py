"""The words through which native code learns that it is to stop, or to ask.

    0 i32 flags    4 unused    8 i64 steps left    16 ptr ask    24 ptr type, value, traceback

Native code reads the flags where a loop may go on for long. While they are 0 it goes on. What `ask` is, and
what it leaves in the last three, is told in `machine_code.signal_handlers`.
"""

from __future__ import annotations

import ctypes
import threading

STOP = 1
"""Flag: return status CANCELLED."""
COUNT_STEPS = 2
"""Flag: take one from the steps left, and stop where that is below zero."""
ASK = 4
"""Flag: call the function at ASK_OFFSET with the address of the words, which takes the flag away; stop where
it returns another number than 0."""

STEPS_OFFSET = 8
ASK_OFFSET = 16
RAISED_OFFSET = 24

_lock = threading.Lock()


class InterruptWord(ctypes.Structure):
    """One scope's words; their address is valid as long as the object."""

    flags: int
    steps: int
    _fields_ = (
        ("flags", ctypes.c_int32),
        ("unused", ctypes.c_int32),
        ("steps", ctypes.c_int64),
        ("ask", ctypes.c_void_p),
        ("raised", ctypes.c_void_p * 3),
    )

    def set_flag(self, flag: int) -> None:
        """Set a flag, and leave the others as they are; from any thread."""
        # Why a lock: the flags are read and written back, and several threads set some.
        with _lock:
            self.flags |= flag
