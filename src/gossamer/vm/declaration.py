"""Declarations: what `iree.abi.declaration` says of a function, as data.

    sync func @mul(%a: tensor<4xf32>, %out: tensor<4xf32> {iree.abi.output = 0 : index}) -> (%r: i32)

In: that text. Out: names, types, execution model. Source: the texts that IREE 3.13.0's compiler writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_HEADER = re.compile(r"\s*(sync|async) func @(\S+?)\(")
_VALUE = re.compile(r"\s*%?([\w$.-]+)\s*:\s*(.*)", re.DOTALL)
_TENSOR = re.compile(r"tensor<((?:(?:\d+|\?)x)*)([^,<>]+(?:<[^<>]*>)?)\s*(?:,.*)?>", re.DOTALL)
_OUTPUT = re.compile(r"iree\.abi\.output\s*=\s*(\d+)")


@dataclass(frozen=True, slots=True)
class DeclaredValue:
    """One argument or result.

    Attributes:
        name: without `%`.
        type: as written: `tensor<4x?xf32>`, `i32`, `!hal.buffer_view`.
        shape: sizes of a tensor, None for those not known; None as a whole for what is no tensor.
        element_type: of a tensor (`f32`), or the type itself.
        output: the result whose storage this argument is (`iree.abi.output`), or None.
    """

    name: str
    type: str
    shape: tuple[int | None, ...] | None
    element_type: str
    output: int | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """A function as its source declares it."""

    name: str
    is_async: bool
    arguments: tuple[DeclaredValue, ...]
    results: tuple[DeclaredValue, ...]


@lru_cache(maxsize=4096)
def parse_declaration(text: str) -> Declaration | None:
    """Parse a declaration; None where the text is empty or not of the form above."""
    header = _HEADER.match(text)
    if header is None:
        return None
    arguments_end = _closing_parenthesis(text, header.end())
    results_start = text.find("(", arguments_end)
    if arguments_end < 0 or results_start < 0:
        return None
    arguments = _parse_values(text[header.end() : arguments_end])
    results = _parse_values(text[results_start + 1 : text.rfind(")")])
    if arguments is None or results is None:
        return None
    return Declaration(header[2], header[1] == "async", arguments, results)


def _closing_parenthesis(text: str, start: int) -> int:
    depth = 1
    for position in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return -1


def _parse_values(text: str) -> tuple[DeclaredValue, ...] | None:
    values = [_parse_value(part) for part in _split_at_commas(text)]
    return None if None in values else tuple(value for value in values if value is not None)


def _split_at_commas(text: str) -> list[str]:
    parts, depth, start = list[str](), 0, 0
    for position, character in enumerate(text):
        # Why: the `>` of an arrow closes nothing.
        if character in "<({[":
            depth += 1
        elif character in ")}]" or (character == ">" and text[position - 1] != "-"):
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]


def _parse_value(text: str) -> DeclaredValue | None:
    match = _VALUE.match(text)
    if match is None:
        return None
    type_text, brace, attributes = match[2].partition("{")
    type_text = type_text.strip()
    output = _OUTPUT.search(attributes) if brace else None
    tensor = _TENSOR.fullmatch(type_text)
    if tensor is None:
        shape, element_type = None, type_text
    else:
        sizes = tensor[1].split("x")[:-1]
        shape = tuple(None if size == "?" else int(size) for size in sizes)
        element_type = tensor[2].strip()
    return DeclaredValue(match[1], type_text, shape, element_type, int(output[1]) if output else None)
