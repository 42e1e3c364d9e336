"""Traps of native kernels as failures of the calls that run them, and requests to leave kernels.

`guard_signals` installs the handler of `guard_ir` for the signals of traps, once a process, when the first
native executable is loaded. Handlers that were there before, Python's `faulthandler` for one, get whatever
happens outside of kernels. `GOSSAMER_FAULT_GUARD=0` leaves all signals alone: then a trap ends the process.
"""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Sequence

from gossamer.drivers.local.ir.guard_ir import PREVIOUS_BYTES, STOP_SIGNAL, has_guard
from gossamer.drivers.local.runner.native_runner import native_functions
from gossamer.errors import StatusError
from gossamer.machine_code.fault_messages import leaves_signals_alone, report_faults
from gossamer.processor.host import host_triple

TRAPS = tuple(
    int(getattr(signal, name)) for name in ("SIGFPE", "SIGSEGV", "SIGBUS", "SIGILL") if hasattr(signal, name)
)
"""Signals of instructions that cannot be executed."""

_FLAGS = 0x4 | 0x08000000 | 0x10000000
"""SA_SIGINFO, SA_ONSTACK, SA_RESTART."""
_MASK_BYTES = 128
_lock = threading.Lock()
_previous = ctypes.create_string_buffer(PREVIOUS_BYTES * 65)
_is_guarding = False


class Action(ctypes.Structure):
    """`struct sigaction` of Linux's C libraries on x86-64."""

    _fields_ = (
        ("handler", ctypes.c_uint64),
        ("mask", ctypes.c_uint8 * _MASK_BYTES),
        ("flags", ctypes.c_int32),
        ("restorer", ctypes.c_uint64),
    )


def guard_signals() -> None:
    """Take over the signals of traps, where this machine can and the environment does not forbid it."""
    global _is_guarding
    with _lock:
        if _is_guarding or leaves_signals_alone() or not has_guard(host_triple()):
            return
        try:
            guard = native_functions().guard
        except (ImportError, RuntimeError, OSError):
            return
        assert guard is not None
        # Why now: what takes over these signals later would come before the guard, and end it.
        report_faults()
        _is_guarding = True
        library = ctypes.CDLL(None)
        key = ctypes.c_uint32()
        library.pthread_key_create(ctypes.byref(key), None)
        # Safety: the table lives as long as the process, and so does the runner's code.
        guard.set_up(key.value, ctypes.addressof(_previous))
        for number in (*TRAPS, STOP_SIGNAL):
            _take_over(library, number, guard.handler)


def _take_over(library: ctypes.CDLL, number: int, handler: int) -> None:
    found = Action()
    library.sigaction(number, None, ctypes.byref(found))
    entry = ctypes.c_uint64 * 2
    entry.from_buffer(_previous, number * PREVIOUS_BYTES)[:] = [found.handler, found.flags & 0xFFFFFFFF]
    # Why all: a handler that interrupts another one and puts the thread back would leave the other's signal
    # blocked, and a trap whose signal is blocked ends the process.
    mask = sum(1 << blocked - 1 for blocked in (*TRAPS, STOP_SIGNAL)).to_bytes(_MASK_BYTES, "little")
    action = Action(handler=handler, mask=(ctypes.c_uint8 * _MASK_BYTES)(*mask), flags=_FLAGS)
    library.sigaction(number, ctypes.byref(action), None)


class StopRequest:
    """Tells threads to leave the kernels of a scope that is stopped, while a run lasts."""

    def __init__(self, threads: Sequence[int]) -> None:
        """Start with threads by `threading.get_ident`, that last longer than the run."""
        self._threads = threads
        self._lock = threading.Lock()
        self._is_running = True

    def send(self, _error: StatusError) -> None:
        """Signal the threads; they leave only kernels of calls whose words say so."""
        with self._lock:
            if self._is_running and _is_guarding:
                for thread in self._threads:
                    signal.pthread_kill(thread, STOP_SIGNAL)

    def close(self) -> None:
        """Signal nobody from now on."""
        with self._lock:
            self._is_running = False
