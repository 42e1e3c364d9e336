"""Function declarations that modules carry for people and for link checks (`iree.abi.declaration`).

    sync func @mul(%input0: tensor<4xf32>, %input1: tensor<?xf32> {iree.abi.output = 0 : index})
        -> (%output0: tensor<4xf32>)

One model for whoever writes one (the compiler, Python modules) and whoever reads one (linking, `Pipeline`,
modules in C). The text may be anything a user wrote, so what does not read as above
is no declaration, not an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

DECLARATION_ATTR = "iree.abi.declaration"
MODEL_ATTR = "iree.abi.model"
NAME_ATTR = "iree.abi.name"
OUTPUT_ATTR = "iree.abi.output"
ENCODING_ATTR = "iree.abi.encoding"
TRANSIENTS_ATTR = "iree.abi.transients"
TRANSIENTS_SIZE_ATTR = "iree.abi.transients.size.constant"
"""Reflection of a function that takes memory for what it needs while it runs: bytes of it."""
ARGUMENT_NAMES_ATTR = "gossamer.arguments"
"""Reflection of a function: what the source calls its arguments, by commas, "" for one without a name."""


class ExecutionModel(Enum):
    """Who waits for a call's work; the value is what `iree.abi.model` says.

    SYNC: arguments are ready when the function is called, and results when it returns.
    COARSE_FENCES: two fences follow the arguments: one that the arguments wait for, one that the function
    signals when its results are ready.
    """

    SYNC = "sync"
    COARSE_FENCES = "coarse-fences"

    @property
    def word(self) -> str:
        """What a declaration starts with."""
        return "async" if self is ExecutionModel.COARSE_FENCES else "sync"


@dataclass(frozen=True, slots=True)
class DeclaredValue:
    """An argument or a result.

    Attributes:
        name: without `%`.
        type: as the source has it, such as `tensor<4x?xf32>` or `i32`.
        attrs: names and texts of its attributes, in order; the text of one that only is there is empty.
    """

    name: str
    type: str
    attrs: tuple[tuple[str, str], ...] = ()

    @property
    def passed_type(self) -> str:
        """Type of what crosses the module's boundary: that of its encoding, where it has one."""
        return next((text for name, text in self.attrs if name == ENCODING_ATTR), self.type)

    @property
    def output(self) -> int | None:
        """The result whose storage an argument is (`iree.abi.output`), or None."""
        for name, text in self.attrs:
            number = text.partition(":")[0].strip()
            if name == OUTPUT_ATTR and number.isdecimal():
                return int(number)
        return None

    def __str__(self) -> str:
        shown = ", ".join(f"{name} = {text}" if text else name for name, text in self.attrs)
        return f"%{self.name}: {self.type}{f' {{{shown}}}' if shown else ''}"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration; fences of the async model are not among the arguments."""

    model: ExecutionModel
    name: str
    arguments: tuple[DeclaredValue, ...]
    results: tuple[DeclaredValue, ...]

    def __str__(self) -> str:
        arguments, results = ", ".join(map(str, self.arguments)), ", ".join(map(str, self.results))
        return f"{self.model.word} func @{self.name}({arguments}) -> ({results})"


def is_async(attrs: Mapping[str, str]) -> bool:
    """True where reflection says that two fences (wait, signal) follow the declared arguments."""
    return attrs.get(MODEL_ATTR) == ExecutionModel.COARSE_FENCES.value


_FUNCTION = re.compile(
    r"\s*(?P<model>sync|async)\s+func\s+@(?P<name>[^\s(]+)\s*\((?P<arguments>.*)\)\s*->\s*\((?P<results>.*)\)\s*",
    re.DOTALL,
)
_VALUE = re.compile(r"\s*%?(?P<name>[^:\s]+)\s*:\s*(?P<type>[^{]*?)\s*(?:\{(?P<attrs>.*)\})?\s*", re.DOTALL)
_OPENING = "<([{"
_CLOSING = ">)]}"


def parse_declaration(text: str) -> Declaration | None:
    """Parse a declaration, or return None where the text is not one."""
    match = _FUNCTION.fullmatch(text)
    if match is None:
        return None
    arguments = _parse_values(match["arguments"])
    results = _parse_values(match["results"])
    if arguments is None or results is None:
        return None
    model = ExecutionModel.SYNC if match["model"] == "sync" else ExecutionModel.COARSE_FENCES
    return Declaration(model, match["name"], arguments, results)


def _parse_values(text: str) -> tuple[DeclaredValue, ...] | None:
    values: list[DeclaredValue] = []
    for part in _split_at_commas(text):
        match = _VALUE.fullmatch(part)
        if match is None:
            return None
        attrs = tuple(map(_parse_attr, _split_at_commas(match["attrs"] or "")))
        values.append(DeclaredValue(match["name"], match["type"], attrs))
    return tuple(values)


def _parse_attr(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip()


def _split_at_commas(text: str) -> list[str]:
    parts: list[str] = []
    depth = start = 0
    for position, character in enumerate(text):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING and text[position - 1 : position + 1] != "->":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    if text[start:].strip():
        parts.append(text[start:])
    return parts
