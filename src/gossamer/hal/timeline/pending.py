"""Work that is to start when a fence is reached, perhaps under a scope of calls.

In: fences, a scope or None. Out: the work started, or its signal fence failed: when the wait fence fails or
the scope is stopped, whichever comes first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from gossamer.errors import InternalStatusError, StatusError
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.scope import CallScope


def start_when_reached(
    wait: Fence, signal: Fence | None, start: Callable[[], None], scope: CallScope | None
) -> None:
    """Start work when a fence is reached.

    Args:
        signal: failed instead, where the wait fence fails or the scope is stopped before; or None.
        start: called on the thread that reaches the fence, or on this one; it must not block.
    """
    if scope is not None:
        _ScopedStart(signal, start, scope).register(wait)
        return

    def resume(error: StatusError | None) -> None:
        if error is None:
            start()
        elif signal is not None:
            signal.fail(error)

    wait.on_reached(resume)


class _ScopedStart:
    """Work under a scope: what comes first decides, the fence or the end of the scope."""

    def __init__(self, signal: Fence | None, start: Callable[[], None], scope: CallScope) -> None:
        self._signal = signal
        self._start = start
        self._scope = scope
        # Why a lock: acquired by the one who decides, and never released.
        self._decided = threading.Lock()

    def register(self, wait: Fence) -> None:
        self._scope.on_stop(self, self._stop)
        wait.on_reached(self._resume)

    def _resume(self, error: StatusError | None) -> None:
        if not self._decided.acquire(blocking=False):
            return
        self._scope.forget(self)
        if error is None:
            self._start()
        elif self._signal is not None:
            self._signal.fail(error)

    def _stop(self, error: StatusError) -> None:
        if self._decided.acquire(blocking=False) and self._signal is not None:
            self._signal.fail(error)


def as_status_error(exception: Exception) -> StatusError:
    """What a queue operation raised, as an error that a timeline can fail with."""
    if isinstance(exception, StatusError):
        return exception
    error = InternalStatusError(f"queue operation raised {exception!r}")
    error.__cause__ = exception
    return error


def failed_fence(exception: Exception) -> Fence:
    """A fence that failed with what an operation raised."""
    # Why: the frame that caught the exception would keep what the fence keeps.
    trace = exception.__traceback__
    exception.__traceback__ = None if trace is None else trace.tb_next
    fence = Fence.create()
    fence.fail(as_status_error(exception))
    return fence
