"""Typed values on command lines of parameter tools, as the bytes that are repeated."""

from __future__ import annotations

from math import prod

from gossamer.errors import InvalidArgumentError, OutOfRangeError
from gossamer.format.parameters.entries import MAX_PATTERN_BYTES


def parse_typed_value(text: str) -> bytes:
    """Bytes of `type=value`, such as `f32=4.5`; a zero byte for an empty text.

    Raises: InvalidArgumentError or OutOfRangeError where there is no such type or value.
    """
    if not text:
        return b"\0"
    type_name, _, value = text.partition("=")
    return parse_declaration(f"1x{type_name}={value}")[1] or b"\0"


def parse_declaration(text: str) -> tuple[int, bytes]:
    """Length in bytes and pattern of `shapextype[=value]`; the pattern is empty where no value is given.

    Raises: InvalidArgumentError or OutOfRangeError where it is no shape, type or value.
    """
    from gossamer.abi import element_type as element_types
    from gossamer.runtime.text_io.tensors import parse_element, parse_shape_and_element_type

    shape_and_type, _, value = text.partition("=")
    shape, element_type = parse_shape_and_element_type(shape_and_type)
    bits = element_types.bit_count(element_type)
    if bits == 0 or bits % 8:
        raise InvalidArgumentError(
            f"'{shape_and_type}': elements of {bits} bits have no bytes of their own; declare 2xi4 as 1xi8"
        )
    if bits > 8 * MAX_PATTERN_BYTES:
        raise OutOfRangeError(f"'{shape_and_type}': elements of {bits} bits are too long to be repeated")
    pattern = parse_element(value, element_type) if value else b""
    return prod(shape) * (bits // 8), pattern
