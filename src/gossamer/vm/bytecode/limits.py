"""Bounds on what calls into one module may use: stack, steps, time; exact, and only known to the interpreter.

Scopes of calls (`gossamer.limits`) go across modules and native code.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from gossamer.errors import DeadlineExceededError, ResourceExhaustedError

DEFAULT_MAX_CALL_DEPTH = 4096


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a call into a bytecode module.

    Attributes:
        max_call_depth: frames of one module on the stack at a time.
        max_steps: instructions executed, or None for no bound. Only the interpreter counts them.
        timeout_seconds: from the start of the call, or None. Only the interpreter watches it, and
            only between instructions.
    """

    max_call_depth: int = DEFAULT_MAX_CALL_DEPTH
    max_steps: int | None = None
    timeout_seconds: float | None = None

    @property
    def is_metered(self) -> bool:
        """True where each step has to be accounted for."""
        return self.max_steps is not None or self.timeout_seconds is not None


DEFAULT_LIMITS = Limits()


def stack_exhausted_error(depth: int) -> ResourceExhaustedError:
    """What a call that goes too deep raises."""
    return ResourceExhaustedError(f"call depth {depth} passes the stack's limit; is a recursion endless?")


class StepMeter:
    """Counts the steps of one call and watches its deadline."""

    # Why: reading the clock costs more than most instructions.
    _STEPS_BETWEEN_CLOCK_READS = 256

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._steps = 0
        timeout = limits.timeout_seconds
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def step(self) -> None:
        """Account for one instruction.

        Raises: ResourceExhaustedError past `max_steps`, DeadlineExceededError past the deadline.
        """
        self._steps += 1
        max_steps = self._limits.max_steps
        if max_steps is not None and self._steps > max_steps:
            raise ResourceExhaustedError(f"the call passed its limit of {max_steps} instructions")
        if self._deadline is None or self._steps % self._STEPS_BETWEEN_CLOCK_READS:
            return
        if time.monotonic() > self._deadline:
            raise DeadlineExceededError(f"the call passed its limit of {self._limits.timeout_seconds} s")
