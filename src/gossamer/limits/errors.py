"""What a call raises that was cancelled or passed a limit."""

from __future__ import annotations

from gossamer.errors import CancelledError, DeadlineExceededError, ResourceExhaustedError, StatusError


class LimitError(StatusError):
    """A call was stopped by its scope.

    Attributes:
        limit: which one: "timeout", "max_steps", "max_depth" or "max_memory"; "" where it was cancelled.
        allowed: seconds, steps, calls or bytes; 0 where it was cancelled.
        reached: the figure that passed it.
        function: `module.function` that the caller called; "" where that is not known.
    """

    def __init__(self, message: str, *, limit: str = "", allowed: float = 0, reached: float = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.allowed = allowed
        self.reached = reached
        self.function = ""

    def set_function(self, function: str) -> None:
        """Say which function was called, where no call further inside did."""
        if not self.function:
            self.function = function
            self.annotate(f"in a call of {function}")


class CallCancelledError(LimitError, CancelledError):
    """The call was cancelled."""


class CallTimeoutError(LimitError, DeadlineExceededError):
    """The call passed its limit of time."""


class CallResourceError(LimitError, ResourceExhaustedError):
    """The call passed its limit of steps, depth or memory."""
