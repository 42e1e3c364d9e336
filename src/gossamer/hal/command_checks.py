"""Checks of commands that command buffers and queues share."""

from __future__ import annotations

from gossamer.errors import InvalidArgumentError, OutOfRangeError
from gossamer.hal.memory import WHOLE_BUFFER


def check_fill(offset: int, length: int, pattern_length: int) -> None:
    """Raise InvalidArgumentError unless a fill's pattern has a supported size and divides its range."""
    if pattern_length not in (1, 2, 4, 8):
        raise InvalidArgumentError(
            f"fill value length is not one of the supported values (pattern_length={pattern_length})"
        )
    if offset % pattern_length or (length != WHOLE_BUFFER and length % pattern_length):
        raise InvalidArgumentError(
            "binding offset and/or length do not match the required alignment of one or more command "
            f"(offset={offset}, length={length}, pattern_length={pattern_length})"
        )


def check_overlap(source: int, target: int, length: int) -> None:
    """Raise InvalidArgumentError where two ranges of equal length share a byte."""
    if abs(source - target) < length:
        raise InvalidArgumentError("source and target ranges overlap within the same buffer")


def check_workgroup_count(count: tuple[int, int, int]) -> None:
    """Raise OutOfRangeError unless counts fit the fields kernels read them from."""
    if not (0 <= count[0] < 1 << 32 and 0 <= count[1] < 1 << 32 and 0 <= count[2] < 1 << 16):
        raise OutOfRangeError(f"workgroup count {count} is out of range")
