"""Calling convention strings: how a function's arguments and results are spelled in a module.

A string is `0`, one character for each argument, `_`, one character for each result:

    v void   i i32   I i64   f f32   F f64   r any ref   C...D a span: the group in between, repeated

so `0rIiiCID_r` takes a ref, an i64, two i32s and any number of i64s, and returns a ref.
Spec: `iree/vm/module.h` of IREE 3.13.0. Strings of an import and its export are compared byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from gossamer.errors import FormatError

_VALUE_CHARACTERS = "iIfFr"


@dataclass(frozen=True, slots=True)
class Span:
    """A repeated group of arguments; `element` has one character for each value of a group."""

    element: str


Argument: TypeAlias = str | Span
"""A value character, or a span of groups."""


@dataclass(frozen=True, slots=True)
class CallingConvention:
    """A parsed calling convention string.

    Attributes:
        arguments: value characters and spans, in order.
        results: value characters, in order.
    """

    arguments: tuple[Argument, ...]
    results: str

    @property
    def is_variadic(self) -> bool:
        """True where an argument is a span."""
        return any(isinstance(argument, Span) for argument in self.arguments)


@lru_cache(maxsize=4096)
def parse_calling_convention(text: str) -> CallingConvention:
    """Parse a calling convention string; an empty one means no arguments and no results.

    Raises: FormatError with the offset in the string of what is wrong.
    """
    if not text:
        return CallingConvention((), "")
    if text[0] != "0":
        raise FormatError(
            f"calling convention {text!r} has version {text[0]!r}, expected '0'",
            table="calling convention",
            offset=0,
        )
    arguments_text, _, results = text[1:].partition("_")
    results = "" if results == "v" else results
    for index, character in enumerate(results):
        if character not in _VALUE_CHARACTERS:
            raise _bad_character(text, len(text) - len(results) + index)
    return CallingConvention(_parse_arguments(text, arguments_text), results)


def format_calling_convention(arguments: str, results: str, *, is_async: bool) -> str:
    """The string of a function without spans.

    Args:
        arguments: character of each argument, without fences.
        results: character of each result.
        is_async: two fences follow the arguments.
    """
    arguments += "rr" if is_async else ""
    return f"0{arguments or 'v'}_{results or 'v'}"


def _parse_arguments(text: str, arguments_text: str) -> tuple[Argument, ...]:
    if arguments_text == "v":
        return ()
    arguments: list[Argument] = []
    position = 0
    while position < len(arguments_text):
        character = arguments_text[position]
        if character == "C":
            end = arguments_text.find("D", position)
            element = arguments_text[position + 1 : end] if end >= 0 else ""
            if not element or any(value not in _VALUE_CHARACTERS for value in element):
                raise _bad_character(text, position + 1)
            arguments.append(Span(element))
            position = end + 1
        elif character in _VALUE_CHARACTERS:
            arguments.append(character)
            position += 1
        else:
            raise _bad_character(text, position + 1)
    return tuple(arguments)


def _bad_character(text: str, offset: int) -> FormatError:
    found = repr(text[offset]) if offset < len(text) else "the end"
    return FormatError(
        f"calling convention {text!r} has {found} where one of 'iIfFr' or a span 'C...D' is expected",
        table="calling convention",
        offset=offset,
    )
