"""Runs programs in one native call, with the interpreter lock released.

In: a program, a packed binding table, perhaps a pool of workers. Out: nothing, or the error of the first
dispatch that failed.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from gossamer.abi.memory_flags import ALIGNMENT
from gossamer.drivers.local.ir.dispatch_ir import COUNT_ERROR
from gossamer.drivers.local.ir.guard_ir import HANDLER_SYMBOL, SET_UP_SYMBOL, has_guard
from gossamer.drivers.local.ir.pool_ir import has_pool
from gossamer.drivers.local.ir.runner_ir import CALL_FORMAT, RUN_SYMBOL, runner_ir
from gossamer.drivers.local.ir.worker_ir import SHUTDOWN_SYMBOL, WORKER_SYMBOL
from gossamer.drivers.local.runner.kernel_errors import kernel_error
from gossamer.errors import STATUS_CODE_MASK, InternalStatusError, OutOfRangeError, StatusCode
from gossamer.hal.command.command_program import CommandProgram
from gossamer.limits.scope import CallScope
from gossamer.machine_code.compiled_code import NativeCode, load_native_code
from gossamer.machine_code.libc import find_function
from gossamer.machine_code.signal_handlers import PROCESS_WORDS, raised_by_handler, signal_watch
from gossamer.processor.host import host_triple

_EXTERNALS = frozenset(
    (
        *("clock_gettime", "memcpy", "memmove", "memset", "syscall"),
        *("pthread_getspecific", "pthread_setspecific", "signal", "raise"),
    )
)
_RUN_TYPE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_char_p)
_WORKER_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)
_SHUTDOWN_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_SET_UP_TYPE = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_void_p)


class Guard(NamedTuple):
    """What `faults` installs.

    Attributes:
        handler: address of the handler of signals.
        set_up: (key of threads' values, table of the handlers there were), before the handler is used.
    """

    handler: int
    set_up: Callable[[int, int], None]


class NativeFunctions(NamedTuple):
    """The runner's functions.

    Attributes:
        run: (call, see `runner_ir`) to 0 or where and why it failed. Why one argument: each takes as long as
            a small kernel.
        work: (pool, participant): the life of a worker thread; None where there are no pools.
        shut_down: (pool): makes its workers return.
        guard: None where kernels that trap cannot be left.
        code: what they are in memory as long as.
    """

    run: Callable[[bytes], int]
    work: Callable[[int, int], None] | None
    shut_down: Callable[[int], None] | None
    guard: Guard | None
    code: NativeCode


@cache
def native_functions() -> NativeFunctions:
    """The native runner, compiled (or taken from the cache on disk) at the first call."""
    triple = host_triple()
    code = load_native_code(runner_ir(triple), external_address)
    is_pooled = has_pool(triple)
    guard = None
    if has_guard(triple):
        guard = Guard(code.address(HANDLER_SYMBOL), _SET_UP_TYPE(code.address(SET_UP_SYMBOL)))
    return NativeFunctions(
        _RUN_TYPE(code.address(RUN_SYMBOL)),
        _WORKER_TYPE(code.address(WORKER_SYMBOL)) if is_pooled else None,
        _SHUTDOWN_TYPE(code.address(SHUTDOWN_SYMBOL)) if is_pooled else None,
        guard,
        code,
    )


def external_address(symbol: str) -> int | None:
    """Address of a function that the runner, or code around it, may call."""
    return find_function(symbol) if symbol in _EXTERNALS else None


class _LocalMemory(threading.local):
    """Scratch memory of workgroups; each thread runs one program at a time."""

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


def run_native(
    program: CommandProgram,
    table: bytes,
    pool_address: int = 0,
    participants: int = 1,
    scope: CallScope | None = None,
) -> None:
    """Run a program without Python kernels.

    Args:
        program: whose `is_native` is True.
        table: u64 address and length for each slot; the caller checked all references against it and
            keeps the memory alive.
        pool_address: of a tile pool with `participants`, this thread included; 0 runs everything here.
        scope: of calls, asked between workgroups whether to go on.
    Raises: the error of the dispatch that failed, the scope's, or what a handler of signals raised; what ran
        before it has taken effect.
    """
    scratch = program.local_memory_bytes
    if scratch:
        scratch = local_memory.reserve((scratch + ALIGNMENT - 1 & -ALIGNMENT) * participants)
    # Safety: `program` and `table` are held by this frame during the call.
    call = CALL_FORMAT.pack(program.address, scratch, pool_address, signal_watch.words(scope))
    result = native_functions().run(call + table)
    if result:
        raise run_error(program, result, scope)


def plain_call(program: CommandProgram) -> bytes:
    """What the native runner takes in front of a binding table, to run a program without a pool or scope.

    Args:
        program: that needs no local memory.
    """
    return CALL_FORMAT.pack(program.address, 0, 0, PROCESS_WORDS)


def run_error(program: CommandProgram, result: int, scope: CallScope | None) -> BaseException:
    """The error that a non-zero result of the native runner stands for."""
    if result & STATUS_CODE_MASK == StatusCode.CANCELLED:
        raised = raised_by_handler(scope)
        if raised is not None:
            return raised
    function = program.functions[((result & ~COUNT_ERROR) >> 32) - 1]
    if function is None:
        stopped = None if scope is None else scope.failure
        return stopped or InternalStatusError("a transfer failed")
    if result & COUNT_ERROR:
        return OutOfRangeError(f"workgroup count of '{function.name}' is out of range")
    returned = result & 0xFFFFFFFF
    return kernel_error(function, returned - (1 << 32) if returned >> 31 else returned, scope)
