"""Calls of a pipeline's functions under scopes: limits of their own, or scopes that the caller entered.

In: a call, limits. Out: what it returns; failures that name the function.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from gossamer.errors import ResourceExhaustedError
from gossamer.limits.call_limits import CallLimits
from gossamer.limits.errors import LimitError
from gossamer.limits.scope import CallScope, current_scope


def scope_of(limits: CallLimits | None) -> AbstractContextManager[object]:
    """A new scope with limits; without any, nothing to enter."""
    return nullcontext() if limits is None else CallScope(limits)


def call_limited(call: Callable[[], Any], limits: CallLimits | None, function: str) -> Any:
    """Call under limits, and under the scope that the caller is in.

    Args:
        function: its name, for failures.
    Raises: what the call raises; LimitError where a scope was stopped or a limit is passed.
    """
    try:
        with scope_of(limits):
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
