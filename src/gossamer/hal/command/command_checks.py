"""Checks of commands that command buffers and queues share."""

from __future__ import annotations

from gossamer.abi.memory_flags import WHOLE_BUFFER
from gossamer.errors import InvalidArgumentError, OutOfRangeError
from gossamer.hal.executable import ExecutableFunction

_MAXIMUM_BINDINGS = 64
_MAXIMUM_CONSTANTS = 64


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


def check_update(data_length: int, length: int) -> None:
    """Raise InvalidArgumentError unless an update has as many bytes of data as its target."""
    if data_length != length:
        raise InvalidArgumentError(f"update has {data_length} bytes of data for a target of {length} bytes")


def check_copy(source_length: int, target_length: int) -> None:
    """Raise InvalidArgumentError unless the ranges of a copy have the same length."""
    if source_length != target_length:
        raise InvalidArgumentError(
            f"copy spans between source and target must match (source_length={source_length}, "
            f"target_length={target_length})"
        )


def check_overlap(source: int, target: int, length: int) -> None:
    """Raise InvalidArgumentError where two ranges of equal length share a byte."""
    if abs(source - target) < length:
        raise InvalidArgumentError("source and target ranges overlap within the same buffer")


def check_workgroup_count(count: tuple[int, int, int]) -> None:
    """Raise OutOfRangeError unless counts fit the fields kernels read them from."""
    if not (0 <= count[0] < 1 << 32 and 0 <= count[1] < 1 << 32 and 0 <= count[2] < 1 << 16):
        raise OutOfRangeError(f"workgroup count {count} is out of range")


def check_counts(function: ExecutableFunction, constant_count: int, binding_count: int) -> None:
    """Raise InvalidArgumentError unless a dispatch provides what its function takes."""
    if constant_count != function.constant_count or constant_count > _MAXIMUM_CONSTANTS:
        raise InvalidArgumentError(
            f"constant count mismatch, expected {function.constant_count} but was provided {constant_count}"
        )
    if binding_count != function.binding_count or binding_count > _MAXIMUM_BINDINGS:
        raise InvalidArgumentError(
            f"binding count mismatch, expected {function.binding_count} but was provided {binding_count}"
        )
