"""Calls under way: what calling an asynchronous function gives back.

In: results whose contents are still to come and the fence that says when. Out: `await`, `result()`, or
`cancel()`; cancelling a task that awaits a call cancels the call. Tasks can be made of calls themselves:
`asyncio.create_task(pipeline.f(x))`, `asyncio.run(pipeline.f(x))`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any

from gossamer.errors import RaisedError
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.scope import CallScope


class Invocation(Coroutine[Any, Any, Any]):
    """A call under way.

    Attributes:
        fence: reached when the results may be read; failed where the call failed.
    """

    def __init__(self, fence: Fence, finish: Callable[[], Any], scope: CallScope) -> None:
        self.fence = fence
        self._finish = finish
        self._scope = scope
        self._task: Generator[Any, None, Any] | None = None

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

    def send(self, value: Any) -> Any:
        """Go on as the coroutine of a task."""
        return self._steps.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an exception where the task waits: one that ends the task cancels the call."""
        return self._steps.throw(*error)

    def close(self) -> None:
        """End the task's waiting, and the call with it; what no task has begun goes on."""
        if self._task is not None:
            self._task.close()

    @property
    def _steps(self) -> Generator[Any, None, Any]:
        if self._task is None:
            self._task = self.__await__()
        return self._task

    def __repr__(self) -> str:
        return f"<Invocation {'done' if self.done() else 'pending'}>"
