"""Failures of translated functions: statuses that bytecode raises, and where failures happened."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from gossamer.errors import STATUS_CODE_MASK, FailedPreconditionError, StatusError, status_error
from gossamer.vm.bytecode.limits import stack_exhausted_error


def failure(status: int, message: bytes) -> StatusError:
    """What `vm.fail` raises."""
    if not status & STATUS_CODE_MASK:
        return FailedPreconditionError("`fail` with status OK in the last block: nothing follows it")
    return status_error(status, message.decode("utf-8", "replace"))


def locate(label: str, line_offsets: Sequence[int]) -> Callable[[Exception], None]:
    """Make the function that adds a frame to failures that pass through a translated function.

    Args:
        label: name of the function in backtraces.
        line_offsets: byte offset of the instruction each line of its text belongs to.
    """

    def located(error: Exception) -> None:
        traceback = error.__traceback__
        offset = line_offsets[traceback.tb_lineno] if traceback is not None else 0
        frame = f"bytecode {label}:{offset}"
        if isinstance(error, RecursionError):
            raise stack_exhausted_error(sys.getrecursionlimit()).add_frame(frame) from error
        if isinstance(error, StatusError):
            error.add_frame(frame)
        else:
            error.add_note(f"in {frame}")

    return located
