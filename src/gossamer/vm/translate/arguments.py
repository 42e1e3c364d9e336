"""Arguments of a call in the callable ABI: spans of the calling convention become lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

from gossamer.abi.calling_convention import CallingConvention, Span
from gossamer.isa.opcodes import SEGMENT_NOT_VARIADIC

_T = TypeVar("_T")

Groups: TypeAlias = Sequence[tuple[_T, ...]]
"""Operands of a span, group by group."""


def group_arguments(
    convention: CallingConvention, segments: tuple[int, ...] | None, flat: Sequence[_T]
) -> list[_T | Groups[_T]]:
    """Group the flat operands of a call.

    Args:
        convention: of the function called.
        segments: count of groups of each argument, or None for calls without spans.
        flat: the operands, groups flattened.
    Returns: an operand for each argument, or the groups of a span.
    """
    arguments: list[_T | Groups[_T]] = []
    position = 0
    for index, argument in enumerate(convention.arguments):
        if not isinstance(argument, Span):
            arguments.append(flat[position])
            position += 1
            continue
        count = segments[index] if segments is not None else 0
        count = 0 if count == SEGMENT_NOT_VARIADIC else count
        width = len(argument.element)
        arguments.append(
            [tuple(flat[position + width * group : position + width * (group + 1)]) for group in range(count)]
        )
        position += width * count
    return arguments


def argument_text(argument: str | Groups[str]) -> str:
    """Text of an argument, given the texts of its operands."""
    if isinstance(argument, str):
        return argument
    return f"[{', '.join(map(_group_text, argument))}]"


def _group_text(group: tuple[str, ...]) -> str:
    return group[0] if len(group) == 1 else f"({', '.join(group)})"
