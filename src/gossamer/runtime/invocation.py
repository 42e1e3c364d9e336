"""Calls under way: what calling an asynchronous function gives back.

In: results whose contents are still to come and the fence that says when. Out: `await`, or `result()`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from gossamer.hal.fence import Fence


class Invocation:
    """A call under way.

    Attributes:
        fence: reached when the results may be read; failed where the call failed.
    """

    def __init__(self, fence: Fence, finish: Callable[[], Any]) -> None:
        self.fence = fence
        self._finish = finish

    def done(self) -> bool:
        """True once `result` will not block."""
        return self.fence.is_reached or self.fence.failure is not None

    def result(self, timeout: float | None = None) -> Any:
        """Block until done, and return what the function returns.

        Args:
            timeout: seconds, or None to wait for ever.
        Raises: DeadlineExceededError on a timeout (the call goes on), or the error the call failed with.
        """
        self.fence.wait(timeout)
        return self._finish()

    def __await__(self) -> Generator[Any, None, Any]:
        from gossamer.modules.python_calls import reached

        yield from reached(self.fence).__await__()
        return self._finish()

    def __repr__(self) -> str:
        return f"<Invocation {'done' if self.done() else 'pending'}>"
