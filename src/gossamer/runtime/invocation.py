"""Calls under way: what calling an asynchronous function gives back.

In: results whose contents are still to come and the fence that says when. Out: `await`, `result()`, or
`cancel()`; cancelling a task that awaits a call cancels the call.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from gossamer.errors import RaisedError
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.scope import CallScope


class Invocation:
    """A call under way.

    Attributes:
        fence: reached when the results may be read; failed where the call failed.
    """

    def __init__(self, fence: Fence, finish: Callable[[], Any], scope: CallScope) -> None:
        self.fence = fence
        self._finish = finish
        self._scope = scope

    def done(self) -> bool:
        """True once `result` will not block."""
        return self.fence.is_reached or self.fence.failure is not None

    def result(self, timeout: float | None = None) -> Any:
        """Block until done, and return what the function returns.

        Args:
            timeout: seconds, or None to wait for ever.
        Raises: DeadlineExceededError on a timeout (the call goes on), or the error the call failed with; an
            exception of a Python module as itself.
        """
        try:
            self.fence.wait(timeout)
        except RaisedError as error:
            raise error.original or error from None
        return self._finish()

    def cancel(self) -> bool:
        """Stop the call: its fence fails with CallCancelledError, and so does `result`.

        Returns at once; work that is running on a device ends after its present workgroups. What the call
        has stored to the state by then stays stored.
        Returns: False where the call was done before.
        """
        was_pending = not self.done()
        self._scope.cancel()
        return was_pending

    def __await__(self) -> Generator[Any, None, Any]:
        from gossamer.modules.python.coroutines import reached

        try:
            yield from reached(self.fence).__await__()
        except BaseException as error:
            # Why not the others: they are failures of the call; these end the task that waits for it.
            if not isinstance(error, Exception):
                self.cancel()
            raise
        return self._finish()

    def __repr__(self) -> str:
        return f"<Invocation {'done' if self.done() else 'pending'}>"
