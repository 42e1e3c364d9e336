"""Fences: sets of (semaphore, value); reached when all are.

A null fence, `None` in Python, is reached from the start when waited for and tells nobody when signalled.
In: timepoints. Out: waits, callbacks, signals and failures on all of them together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from gossamer.errors import (
    DeadlineExceededError,
    InvalidArgumentError,
    RaisedError,
    StatusCode,
    StatusError,
)
from gossamer.hal.timeline.semaphore import ReachedCallback, Semaphore, fresh_error
from gossamer.limits.errors import LimitError


class Fence:
    """A set of timepoints, one for each semaphore.

    Attributes:
        timepoints: pairs of semaphore and value; an empty list is reached from the start.
    """

    __slots__ = ("__weakref__", "timepoints")

    def __init__(self, timepoints: Iterable[tuple[Semaphore, int]] = ()) -> None:
        self.timepoints: list[tuple[Semaphore, int]] = []
        for semaphore, value in timepoints:
            self.insert(semaphore, value)

    def __repr__(self) -> str:
        return f"<hal.Fence {self.query().name} of {len(self.timepoints)} timepoints>"

    @classmethod
    def create(cls) -> Fence:
        """Make a fence with a timeline of its own, reached by one `signal`."""
        fence = cls.__new__(cls)
        fence.timepoints = [(Semaphore(), 1)]
        return fence

    @classmethod
    def at(cls, semaphore: Semaphore, value: int) -> Fence:
        """Make a fence of one timepoint.

        Raises: InvalidArgumentError for what is no semaphore.
        """
        if not isinstance(semaphore, Semaphore):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidArgumentError(
                f"expected a Semaphore, found {type(semaphore).__name__}; a HalSemaphore is for "
                "HalFence.create_at"
            )
        return cls(((semaphore, value),))

    @classmethod
    def join(cls, fences: Iterable[Fence | None]) -> Fence | None:
        """Make a fence that is reached when all of them are; None when there is nothing to wait for.

        Raises: InvalidArgumentError where one of them is no fence.
        """
        present = [fence for fence in fences if fence is not None]
        for fence in present:
            if not isinstance(fence, Fence):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise InvalidArgumentError(
                    f"expected a gossamer.Fence, found {type(fence).__name__}; HalFence.join takes both"
                )
        joined = cls(timepoint for fence in present for timepoint in fence.timepoints)
        return joined if joined.timepoints else None

    def insert(self, semaphore: Semaphore, value: int) -> None:
        """Add a timepoint; of two values of one semaphore the larger counts."""
        for index, (present, present_value) in enumerate(self.timepoints):
            if present is semaphore:
                self.timepoints[index] = (semaphore, max(value, present_value))
                return
        self.timepoints.append((semaphore, value))

    @property
    def is_reached(self) -> bool:
        """True when every timepoint is reached; a failed one never is."""
        # Why not all(): a generator would cost more than the rest of a queue operation's check.
        for semaphore, value in self.timepoints:  # noqa: SIM110
            if semaphore.value < value:
                return False
        return True

    @property
    def failure(self) -> StatusError | None:
        """Error of the first timepoint that can no longer be reached, or None."""
        for semaphore, value in self.timepoints:
            if semaphore.value < value and semaphore.failure is not None:
                return semaphore.failure
        return None

    def query(self) -> StatusCode:
        """OK when reached, the failure's code when failed, DEFERRED while pending."""
        if self.is_reached:
            return StatusCode.OK
        failure = self.failure
        return StatusCode.DEFERRED if failure is None else failure.code

    def signal(self) -> None:
        """Advance every timeline to its timepoint."""
        for semaphore, value in self.timepoints:
            if semaphore.value < value:
                semaphore.signal(value)

    def fail(self, error: BaseException, where: str = "") -> None:
        """Fail every timeline with one error.

        Args:
            error: what waiters get; an exception that is no status is carried by a `RaisedError`.
            where: what to say of its place then, for messages.
        Raises: InvalidArgumentError for what is no exception.
        """
        if not isinstance(error, BaseException):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidArgumentError(f"a fence fails with an exception, found {error!r}")
        status = error if isinstance(error, StatusError) else RaisedError(error, where)
        for semaphore, _ in self.timepoints:
            semaphore.fail(status)

    def on_reached(self, callback: ReachedCallback) -> None:
        """Call back once all are reached, or with the error of the first that fails.

        The callback runs on the thread that signals, or on this one; it must not block.
        """
        timepoints = self.timepoints
        if len(timepoints) == 1:
            semaphore, value = timepoints[0]
            semaphore.on_reached(value, callback)
        elif not timepoints:
            callback(None)
        else:
            _Join(callback, timepoints)

    def wait(self, timeout_seconds: float | None = None) -> None:
        """Block until all are reached.

        Args:
            timeout_seconds: for all together; 0 only looks, None waits for ever.
        Raises: DeadlineExceededError on a timeout; a timeline's error when it failed first.
        """
        if self.is_reached:
            return
        if timeout_seconds is None:
            for semaphore, value in self.timepoints:
                semaphore.wait(value)
            return
        failure = self.failure
        if failure is not None:
            raise fresh_error(failure)
        deadline = time.monotonic() + timeout_seconds
        for semaphore, value in self.timepoints:
            try:
                semaphore.wait(value, max(deadline - time.monotonic(), 0.0))
            except LimitError:
                raise
            except DeadlineExceededError as error:
                if semaphore.failure is not None:
                    raise
                raise DeadlineExceededError(
                    f"timed out after {timeout_seconds} s waiting for a fence; "
                    f"semaphore is at {semaphore.value}, waiting for {value}"
                ) from error


class _Join:
    """Counts the timepoints still to come, for a callback that wants all of them."""

    __slots__ = ("_callback", "_lock", "_remaining")

    def __init__(self, callback: ReachedCallback, timepoints: list[tuple[Semaphore, int]]) -> None:
        self._callback: ReachedCallback | None = callback
        self._remaining = len(timepoints)
        self._lock = threading.Lock()
        for semaphore, value in list(timepoints):
            semaphore.on_reached(value, self._reached)

    def _reached(self, error: StatusError | None) -> None:
        with self._lock:
            self._remaining -= 1
            callback = self._callback
            if callback is None or (error is None and self._remaining):
                return
            self._callback = None
        callback(error)
