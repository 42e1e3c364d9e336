"""Failures of translated functions: statuses that bytecode raises, and where failures happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.errors import StatusError, status_error


def failure(status: int, message: bytes) -> StatusError:
    """What `vm.fail` raises."""
    return status_error(status, message.decode(errors="replace"))


def locate(label: str, line_offsets: Sequence[int]) -> Callable[[Exception], None]:
    """Make the function that adds a frame to failures that pass through a translated function.

    Args:
        label: name of the function in backtraces.
        line_offsets: byte offset of the instruction each line of its text belongs to.
    """

    def located(error: Exception) -> None:
        if isinstance(error, StatusError) and error.__traceback__ is not None:
            error.annotate(f"in {label} at {line_offsets[error.__traceback__.tb_lineno]}")

    return located
