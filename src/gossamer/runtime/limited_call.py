"""Calls of a pipeline's functions under scopes: limits of their own, or scopes that the caller entered.

In: a call, limits. Out: what it returns; failures that name the function.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import RLock
from typing import Any, NamedTuple, Self

from gossamer.errors import ResourceExhaustedError
from gossamer.limits.call_limits import CallLimits
from gossamer.limits.errors import LimitError
from gossamer.limits.scope import CallScope, current_scope


def scope_of(limits: CallLimits | None) -> AbstractContextManager[object]:
    """A new scope with limits; without any, nothing to enter."""
    return nullcontext() if limits is None else CallScope(limits)


class CallRules(NamedTuple):
    """What holds for the calls of a pipeline's functions.

    Attributes:
        limits: of each call, or None.
        lock: held by one call at a time, or None where calls may run at once.
    """

    limits: CallLimits | None = None
    lock: AbstractContextManager[object] | None = None

    @classmethod
    def create(cls, limits: CallLimits | None, *, one_at_a_time: bool) -> Self:
        """Make rules with a lock of their own."""
        return cls(limits, _InterruptibleLock() if one_at_a_time else None)


NO_RULES = CallRules()


class _InterruptibleLock:
    """A lock that the thread which has it may take again; waits for it end with the scope of calls."""

    _SECONDS_BETWEEN_LOOKS = 0.02

    def __init__(self) -> None:
        self._lock = RLock()

    def __enter__(self) -> None:
        scope = current_scope()
        if scope is None:
            self._lock.acquire()
            return
        while not self._lock.acquire(timeout=self._SECONDS_BETWEEN_LOOKS):
            scope.check()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()


def call_limited(
    call: Callable[[], Any],
    function: str,
    limits: CallLimits | None,
    lock: AbstractContextManager[object] | None,
) -> Any:
    """Call under limits, and under the scope that the caller is in.

    Args:
        function: its name, for failures.
        lock: held meanwhile, or None.
    Raises: what the call raises; LimitError where a scope was stopped or a limit is passed.
    """
    try:
        with scope_of(limits), lock or nullcontext():
            scope = current_scope()
            if scope is None or not scope.bounds_depth:
                return call()
            scope.enter_call()
            try:
                return call()
            finally:
                scope.leave_call()
    except LimitError as error:
        error.set_function(function)
        raise


def recursion_failure(function: str) -> ResourceExhaustedError:
    """What a call raises whose recursion goes through Python functions until Python's own limit."""
    error = ResourceExhaustedError("the calls inside each other pass Python's limit; is a recursion endless?")
    error.annotate(f"in a call of {function}")
    return error
