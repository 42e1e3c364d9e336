"""Arguments of a call in the callable ABI: spans of the calling convention become lists."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.isa.calling_convention import CallingConvention, Span
from gossamer.isa.opcodes import SEGMENT_NOT_VARIADIC


def argument_texts(
    convention: CallingConvention, segments: tuple[int, ...] | None, flat: Sequence[str]
) -> list[str]:
    """Group the flat operands of a call.

    Args:
        convention: of the function called.
        segments: count of groups of each argument, or None for calls without spans.
        flat: text of each operand, groups flattened.
    Returns: text of each argument.
    """
    arguments: list[str] = []
    position = 0
    for index, argument in enumerate(convention.arguments):
        if not isinstance(argument, Span):
            arguments.append(flat[position])
            position += 1
            continue
        count = segments[index] if segments is not None else 0
        count = 0 if count == SEGMENT_NOT_VARIADIC else count
        width = len(argument.element)
        groups = [flat[position + width * group : position + width * (group + 1)] for group in range(count)]
        position += width * count
        arguments.append(f"[{', '.join(_group_text(group) for group in groups)}]")
    return arguments


def _group_text(group: Sequence[str]) -> str:
    return group[0] if len(group) == 1 else f"({', '.join(group)})"
