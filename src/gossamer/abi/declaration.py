"""Function declarations that modules carry for people and for link checks (`iree.abi.declaration`).

    sync func @mul(%input0: tensor<4xf32>, %input1: tensor<?xf32> {iree.abi.output = 0 : index})
        -> (%output0: tensor<4xf32>)

The text may be anything a user wrote, so what does not read as above is no declaration, not an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

ExecutionModel: TypeAlias = Literal["sync", "async"]

_FUNCTION = re.compile(
    r"\s*(?P<model>sync|async)\s+func\s+@(?P<name>[^\s(]+)\s*\((?P<arguments>.*)\)\s*->\s*\((?P<results>.*)\)\s*",
    re.DOTALL,
)
_VALUE = re.compile(r"\s*%?(?P<name>[^:\s]+)\s*:\s*(?P<type>[^{]*?)\s*(?P<attrs>\{.*\})?\s*", re.DOTALL)
_ENCODING = re.compile(r"iree\.abi\.encoding\s*=\s*(?P<type>tensor<[^{}]*>|\w+)")
_TENSOR = re.compile(r"tensor<(?P<dims>(?:(?:\?|\d+)x)*)(?P<element>[^,]+?)(?:,.*)?>", re.DOTALL)
_OUTPUT = re.compile(r"iree\.abi\.output\s*=\s*(\d+)")
_SIGNED_INTEGER = re.compile(r"[su](?=i\d+$)")
_OPENING = "<([{"
_CLOSING = ">)]}"


@dataclass(frozen=True, slots=True)
class DeclaredValue:
    """An argument or a result.

    Attributes:
        name: without `%`.
        type: what crosses the module's boundary, such as `tensor<4x?xf32>` or `i32`.
        output: the result whose storage an argument is (`iree.abi.output`), or None.
    """

    name: str
    type: str
    output: int | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """A parsed declaration; fences of the async model are not among the arguments."""

    model: ExecutionModel
    name: str
    arguments: tuple[DeclaredValue, ...]
    results: tuple[DeclaredValue, ...]


def parse_declaration(text: str) -> Declaration | None:
    """Parse a declaration, or return None where the text is not one."""
    match = _FUNCTION.fullmatch(text)
    if match is None:
        return None
    arguments = _parse_values(match["arguments"])
    results = _parse_values(match["results"])
    if arguments is None or results is None:
        return None
    return Declaration("sync" if match["model"] == "sync" else "async", match["name"], arguments, results)


def _parse_values(text: str) -> tuple[DeclaredValue, ...] | None:
    values: list[DeclaredValue] = []
    for part in _split_at_commas(text):
        match = _VALUE.fullmatch(part)
        if match is None:
            return None
        attrs = match["attrs"] or ""
        encoding = _ENCODING.search(attrs)
        output = _OUTPUT.search(attrs)
        type_text = encoding["type"] if encoding else match["type"]
        values.append(DeclaredValue(match["name"], type_text, int(output[1]) if output else None))
    return tuple(values)


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


def parse_tensor_type(text: str) -> tuple[tuple[int | None, ...], str] | None:
    """Sizes (None where dynamic) and element type of `tensor<4x?xf32>`; None for what is no tensor."""
    match = _TENSOR.fullmatch(text)
    if match is None:
        return None
    sizes = match["dims"].split("x")[:-1]
    return tuple(None if size == "?" else int(size) for size in sizes), match["element"].strip()


def are_compatible(expected: str, found: str) -> bool:
    """True unless two types can never meet: element types, ranks or static sizes differ.

    A dynamic dimension meets any. Signedness does not matter, as in a buffer view's own check. Types other
    than tensors and scalars (a bare buffer view, say) can be anything and meet all.
    """
    expected_tensor = parse_tensor_type(expected)
    found_tensor = parse_tensor_type(found)
    if expected_tensor is None or found_tensor is None:
        is_opaque = "!" in expected or "!" in found
        return is_opaque or _without_sign(expected) == _without_sign(found)
    expected_sizes, expected_element = expected_tensor
    found_sizes, found_element = found_tensor
    if _without_sign(expected_element) != _without_sign(found_element):
        return False
    return len(expected_sizes) == len(found_sizes) and all(
        None in (one, other) or one == other for one, other in zip(expected_sizes, found_sizes, strict=True)
    )


def _without_sign(type_name: str) -> str:
    return _SIGNED_INTEGER.sub("", type_name.strip())
