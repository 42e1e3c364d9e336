"""Semaphores: timelines that only grow, or fail.

In: signals with a payload value, failures, waits. Out: waiters woken and callbacks run, in the order reached.
A failed timeline stays failed: every wait that was not reached before raises the error it failed with.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import TypeAlias

from gossamer.errors import DeadlineExceededError, InvalidArgumentError, StatusError
from gossamer.limits.scope import current_scope

ReachedCallback: TypeAlias = Callable[[StatusError | None], None]
"""Called once: with None when the value is reached, with the error when the timeline fails first."""

_Waiter: TypeAlias = tuple[int, int, ReachedCallback]
"""Value waited for, number of the registration, callback: a heap of these is in the order of waking."""

_registration = threading.Lock()
_registrations = count()


def fresh_error(error: StatusError) -> StatusError:
    """Copy of an error for one raise: a timeline's error is raised to every waiter, each adding context."""
    copy = type(error).__new__(type(error))
    copy.__dict__.update(error.__dict__)
    copy.args = error.args
    copy.annotations = list(error.annotations)
    copy.__cause__ = error.__cause__
    return copy


class _CallbackQueue(threading.local):
    """Callbacks of this thread that wait for the running one to return.

    A callback may signal further timelines. Running their callbacks from here rather than from inside
    keeps a chain of any length at constant stack depth.
    """

    def __init__(self) -> None:
        self.pending: deque[tuple[ReachedCallback, StatusError | None]] | None = None

    def run(self, ready: list[tuple[ReachedCallback, StatusError | None]]) -> None:
        if self.pending is not None:
            self.pending.extend(ready)
            return
        self.pending = pending = deque(ready)
        raised: BaseException | None = None
        while pending:
            callback, error = pending.popleft()
            try:
                callback(error)
            except BaseException as exception:
                # One faulty callback must not leave the others waiting for ever.
                raised = raised or exception
        self.pending = None
        if raised is not None:
            raised.add_note("raised by a callback of a HAL timeline")
            raise raised


_callbacks = _CallbackQueue()


class Semaphore:
    """A timeline.

    Attributes:
        value: the present payload; may be read at any time.
        failure: the error the timeline failed with, or None.
    """

    __slots__ = ("__weakref__", "_waiters", "failure", "value")

    def __init__(self, initial_value: int = 0) -> None:
        self.value = initial_value
        self.failure: StatusError | None = None
        self._waiters: list[_Waiter] | None = None

    def __repr__(self) -> str:
        state = f"failed: {self.failure}" if self.failure else f"value {self.value}"
        return f"<hal.Semaphore {state}>"

    def query(self) -> int:
        """Present payload value.

        Raises: the error the timeline failed with.
        """
        if self.failure is not None:
            raise fresh_error(self.failure)
        return self.value

    def signal(self, value: int) -> None:
        """Advance the timeline and run the callbacks of what is reached; nothing happens once it failed.

        Raises: InvalidArgumentError when the value is below the present one.
        """
        if value < self.value:
            raise InvalidArgumentError(
                f"semaphore values only grow: present value is {self.value}, new value {value}"
            )
        # Why in this order: a waiter registers first and then looks at the value, we do the opposite,
        # so at least one side sees the other and no lock is needed while nobody waits.
        if self.failure is None:
            self.value = value
        if self._waiters:
            self._wake()

    def fail(self, error: StatusError) -> None:
        """Fail the timeline; only the first error counts. Values reached before stay reached."""
        if self.failure is None:
            self.failure = error
        if self._waiters:
            self._wake()

    def on_reached(self, value: int, callback: ReachedCallback) -> None:
        """Call back once the value is reached or the timeline fails; at once if it is so already.

        The callback runs on the thread that signals, or on this one; it must not block.
        """
        if self.value < value and self.failure is None:
            with _registration:
                if self._waiters is None:
                    self._waiters = []
                heappush(self._waiters, (value, next(_registrations), callback))
            if self.value >= value or self.failure is not None:
                self._wake()
            return
        _callbacks.run([(callback, None if self.value >= value else self.failure)])

    def wait(self, value: int, timeout_seconds: float | None = None) -> None:
        """Block until the value is reached.

        Args:
            timeout_seconds: 0 only looks; None waits for ever.
        Raises: DeadlineExceededError on a timeout; the timeline's error when it failed first; what the
            present scope of calls was stopped with.
        """
        if self.value >= value:
            return
        if self.failure is None:
            reached = threading.Event()
            self.on_reached(value, lambda _error: reached.set())
            scope = current_scope()
            if scope is None:
                reached.wait(timeout_seconds)
            else:
                scope.wait(reached, timeout_seconds)
                if self.value < value and self.failure is None:
                    scope.check()
        if self.value >= value:
            return
        if self.failure is not None:
            raise fresh_error(self.failure)
        raise DeadlineExceededError(
            f"timed out after {timeout_seconds} s waiting for semaphore value {value}; "
            f"present value is {self.value}"
        )

    def _wake(self) -> None:
        ready: list[tuple[ReachedCallback, StatusError | None]] = []
        with _registration:
            waiters = self._waiters
            while waiters and (self.value >= waiters[0][0] or self.failure is not None):
                value, _, callback = heappop(waiters)
                ready.append((callback, None if self.value >= value else self.failure))
        if ready:
            _callbacks.run(ready)
