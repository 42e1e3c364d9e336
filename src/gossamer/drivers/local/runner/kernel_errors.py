"""What the status words of native kernels mean."""

from __future__ import annotations

import signal

from gossamer.drivers.local.ir.guard_ir import FAULT_STATUS
from gossamer.errors import (
    STATUS_CODE_MASK,
    InternalStatusError,
    InvalidArgumentError,
    StatusCode,
    StatusError,
)
from gossamer.hal.executable import ExecutableFunction
from gossamer.limits.scope import CallScope

_TRAPS = {
    "SIGFPE": "divided an integer by zero, or the lowest one by -1",
    "SIGSEGV": "accessed memory that is not there, or that it may not write to",
    "SIGBUS": "accessed memory that is not there: a mapped file may have become shorter",
    "SIGILL": "ran into an instruction that this processor does not have",
}


def kernel_error(function: ExecutableFunction, returned: int, scope: CallScope | None) -> StatusError:
    """The error that a status other than 0 stands for: the kernel's, a trap's, or that of its scope.

    Args:
        returned: as a signed number of 32 bits.
    """
    if returned & 0xFFFF_FF00 == FAULT_STATUS and function.may_trap:
        return _trap_error(function, returned & 0xFF)
    if scope is not None and returned & STATUS_CODE_MASK == StatusCode.CANCELLED:
        stopped = scope.failure_of_native_code()
        if stopped is not None:
            return stopped.annotate(f"while dispatching '{function.name}'")
    return function.error(returned)


def _trap_error(function: ExecutableFunction, number: int) -> StatusError:
    name = signal.Signals(number).name
    message = f"kernel '{function.name}' of executable '{function.library}' {_TRAPS[name]} ({name})"
    return InvalidArgumentError(message) if name == "SIGFPE" else InternalStatusError(message)
