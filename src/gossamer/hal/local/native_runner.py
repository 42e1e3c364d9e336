"""Runs programs in one native call, with the interpreter lock released.

In: a program and a packed binding table. Out: nothing, or the error of the first dispatch that failed.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import cache

import numpy as np

from gossamer.errors import StatusError
from gossamer.hal.local.llvm import compile_functions, host_architecture
from gossamer.hal.local.program import DispatchRecord, Program
from gossamer.hal.local.runner_ir import RUN_SYMBOL, runner_ir
from gossamer.hal.memory import ALIGNMENT

_RunFunction = Callable[[bytes, bytes, int], int]
_RUN_TYPE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)


class _LocalMemory(threading.local):
    """Scratch memory of workgroups; each thread runs one workgroup at a time."""

    def __init__(self) -> None:
        self.length = 0
        self.address = 0
        self._memory: object = None

    def reserve(self, length: int) -> int:
        """Address of at least `length` bytes, 64-byte aligned, valid until the next call on this thread."""
        if length > self.length:
            memory = np.empty(length + ALIGNMENT, np.uint8)
            start: int = memory.ctypes.data
            self.address = (start + ALIGNMENT - 1) & -ALIGNMENT
            self.length = length
            self._memory = memory
        return self.address


local_memory = _LocalMemory()


@cache
def native_run_function() -> _RunFunction:
    """The native runner, compiled (or taken from the cache on disk) at the first call."""
    address = compile_functions(runner_ir(host_architecture()), [RUN_SYMBOL])[RUN_SYMBOL]
    return _RUN_TYPE(address)


def run_native(program: Program, table: bytes) -> None:
    """Run a program without Python kernels.

    Args:
        program: whose `is_native` is True.
        table: u64 address and length for each slot; the caller checked all references against it and
            keeps the memory alive.
    Raises: the error of the dispatch that failed; what ran before it has taken effect.
    """
    scratch = program.local_memory_bytes
    # Safety: `program.encoded` and `table` are bytes held by this frame during the call.
    result = native_run_function()(program.encoded, table, local_memory.reserve(scratch) if scratch else 0)
    if result:
        raise dispatch_error(program, result)


def dispatch_error(program: Program, result: int) -> StatusError:
    """The error behind a result of the native runner: record index + 1 above 32 bits of status."""
    record = program.records[((result >> 32) & 0xFFFFFFFF) - 1]
    assert isinstance(record, DispatchRecord)
    returned = result & 0xFFFFFFFF
    return record.function.error(returned - (1 << 32) if returned >> 31 else returned)
