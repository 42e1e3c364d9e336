"""Scopes of calls: what may be cancelled together and shares limits.

    with call_limits(timeout=0.5) as scope:
        pipeline.run(x)

A scope belongs to the context of execution (`contextvars`) that entered it: to the calls of this thread or
task, and to the work on devices that they start. Scopes inside scopes are stopped with the outer ones.

What it costs where there is none: a look at a context variable for each submission, wait, allocation and
call from outside. Host functions look at `interrupts` in each turn of a loop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Self
from weakref import WeakSet

from gossamer.errors import FailedPreconditionError
from gossamer.limits.call_limits import NO_LIMITS, CallLimits
from gossamer.limits.deadlines import expire_at
from gossamer.limits.errors import CallCancelledError, CallResourceError, CallTimeoutError, LimitError
from gossamer.limits.interrupt_word import COUNT_STEPS, STOP, InterruptWord
from gossamer.limits.usage import Usage

_current: ContextVar[CallScope | None] = ContextVar("gossamer_call_scope", default=None)

current_scope: Callable[[], CallScope | None] = _current.get
"""The innermost scope that this thread or task is in, or None."""

interrupts = [0]
"""Its one element counts the entered scopes that are stopped or count steps: where it is 0, no call needs
to ask its scope."""

_lock = threading.RLock()


class CallScope(Usage):
    """Calls that share limits and can be cancelled together; entered once, with `with`.

    Attributes:
        function: `module.function` whose call this is, for failures; or "".
    """

    __slots__ = (
        "__weakref__",
        "_allowed_steps",
        "_callbacks",
        "_children",
        "_entered_at",
        "_failure",
        "_is_counted",
        "_parent",
        "_token",
        "_uses",
        "_word",
        "function",
    )

    def __init__(self, limits: CallLimits = NO_LIMITS, function: str = "") -> None:
        super().__init__(limits)
        self.function = function
        self._parent: CallScope | None = None
        self._token: Token[CallScope | None] | None = None
        self._entered_at = 0.0
        self._failure: Callable[[], LimitError] | None = None
        self._uses = 0
        self._is_counted = False
        self._callbacks: dict[object, Callable[[LimitError], None]] | None = None
        self._children: WeakSet[CallScope] | None = None
        self._allowed_steps = 0
        self._word: InterruptWord | None = None

    def __enter__(self) -> Self:
        if self._entered_at:
            raise FailedPreconditionError("a scope of calls is entered once; make another one")
        limits = self.limits
        self._entered_at = time.monotonic()
        parent = _current.get()
        if parent is not None:
            self._join(parent)
        if limits.timeout is not None:
            expire_at(self, self._entered_at + limits.timeout)
        if limits.max_steps is not None:
            self._count_steps(limits.max_steps, limits.max_steps)
        self._token = _current.set(self)
        self._begin_use()
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._token is not None
        _current.reset(self._token)
        self._token = None
        self._end_use()
        if self._word is not None and self._parent is not None and self._parent._is_counting_steps:
            self._parent.word.steps = min(self._parent.word.steps, self._word.steps)

    @contextmanager
    def apply(self) -> Generator[None]:
        """Do a part of the scope's work: on another thread, or after the scope was left."""
        token = _current.set(self)
        self._begin_use()
        try:
            yield
        finally:
            _current.reset(token)
            self._end_use()

    def cancel(self) -> None:
        """Stop the calls; from any thread. They raise `CallCancelledError`, as do calls made later."""
        self._stop(lambda: CallCancelledError("the call was cancelled"))

    def expire(self) -> None:
        """Stop the calls because their time is up."""
        allowed = self.limits.timeout or 0.0
        self._stop(
            lambda: CallTimeoutError(
                f"the call passed its limit of {allowed:g} s",
                limit="timeout",
                allowed=allowed,
                reached=time.monotonic() - self._entered_at,
            )
        )

    @property
    def failure(self) -> LimitError | None:
        """A fresh error that says why the scope was stopped; None while it was not."""
        return None if self._failure is None else self._fresh_failure()

    def check(self) -> None:
        """Account for a step.

        Raises: the failure, where the scope was stopped.
        """
        if self._failure is None and self._is_counting_steps:
            word = self.word
            word.steps -= 1
            if word.steps < 0:
                self._exhaust_steps()
        if self._failure is not None:
            raise self._fresh_failure()

    @property
    def word(self) -> InterruptWord:
        """What native code looks at."""
        if self._word is None:
            with _lock:
                if self._word is None:
                    self._word = InterruptWord()
            # Why after: whoever stops the scope looks for the words after noting the failure.
            if self._failure is not None:
                self._word.set_flag(STOP)
        return self._word

    def failure_of_native_code(self) -> LimitError | None:
        """Why native code that looks at the words stopped; None where that was not their doing."""
        if self._failure is None and self._is_counting_steps and self.word.steps < 0:
            self._exhaust_steps()
        return self.failure

    def on_stop(self, key: object, callback: Callable[[LimitError], None]) -> None:
        """Call back when the scope is stopped, at once if it is; until `forget(key)`.

        The callback runs on the thread that stops the scope, or on this one; it must not block.
        """
        with _lock:
            if self._failure is None:
                if self._callbacks is None:
                    self._callbacks = {}
                self._callbacks[key] = callback
                return
        callback(self._fresh_failure())

    def forget(self, key: object) -> None:
        """Take a callback back."""
        if self._callbacks is not None:
            self._callbacks.pop(key, None)

    def wait(self, event: threading.Event, timeout_seconds: float | None = None) -> None:
        """Block until an event is set, the scope is stopped, or time is up; the caller looks which."""
        self.on_stop(event, lambda _failure: event.set())
        try:
            event.wait(timeout_seconds)
        finally:
            self.forget(event)

    def _join(self, parent: CallScope) -> None:
        """Be stopped with another scope, and use what is left of its limits."""
        self._parent = parent
        self.count_for(parent)
        with _lock:
            if parent._children is None:
                parent._children = WeakSet()
            parent._children.add(self)
            failure = parent._failure
        if failure is not None:
            self._stop(failure)
        if parent._is_counting_steps:
            self._count_steps(parent.word.steps, parent._allowed_steps)

    @property
    def _is_counting_steps(self) -> bool:
        return self._word is not None and self._word.flags & COUNT_STEPS != 0

    def _count_steps(self, steps: int, allowed: int) -> None:
        """Stop after so many steps, which are what is left of those allowed."""
        word = self.word
        if not self._is_counting_steps or steps < word.steps:
            word.steps = steps
            self._allowed_steps = allowed
        word.set_flag(COUNT_STEPS)

    def _begin_use(self) -> None:
        with _lock:
            self._uses += 1
            if self._failure is not None or self._is_counting_steps:
                self._count()

    def _end_use(self) -> None:
        with _lock:
            self._uses -= 1
            if self._is_counted and not self._uses:
                interrupts[0] -= 1
                self._is_counted = False

    def _count(self) -> None:
        """Make calls ask this scope, while there are any; the caller holds the lock."""
        if self._uses and not self._is_counted:
            interrupts[0] += 1
            self._is_counted = True

    def _exhaust_steps(self) -> None:
        allowed = self._allowed_steps
        self._stop(
            lambda: CallResourceError(
                f"the call passed its limit of {allowed} steps",
                limit="max_steps",
                allowed=allowed,
                reached=allowed + 1,
            )
        )

    def _stop(self, failure: Callable[[], LimitError]) -> None:
        with _lock:
            if self._failure is not None:
                return
            self._failure = failure
            self._count()
            callbacks, self._callbacks = self._callbacks, None
            children = list(self._children or ())
        if self._word is not None:
            self._word.set_flag(STOP)
        for child in children:
            child._stop(failure)
        if callbacks:
            self._call_back(list(callbacks.values()))

    def _fresh_failure(self) -> LimitError:
        # Why made in a call of its own: a local of the frame that raises it would keep it in a circle.
        assert self._failure is not None
        error = self._failure()
        if self.function:
            error.set_function(self.function)
        return error

    def _call_back(self, callbacks: list[Callable[[LimitError], None]]) -> None:
        raised: Exception | None = None
        for callback in callbacks:
            try:
                callback(self._fresh_failure())
            except Exception as error:
                # One faulty callback must not leave the others waiting for ever.
                raised = raised or error
        if raised is not None:
            raise raised


def call_limits(
    *,
    timeout: float | None = None,
    max_steps: int | None = None,
    max_depth: int | None = None,
    max_memory: int | None = None,
) -> CallScope:
    """A scope for `with`, whose calls share limits; see `CallLimits` for the arguments.

    Without any limit it is a scope whose calls can be cancelled together.
    """
    return CallScope(CallLimits(timeout, max_steps, max_depth, max_memory))


def check_limits() -> None:
    """Raise the failure of the present scope where it was stopped: for long loops of Python modules."""
    scope = _current.get()
    if scope is not None:
        scope.check()
