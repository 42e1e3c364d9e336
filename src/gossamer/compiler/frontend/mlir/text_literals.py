"""Large literals of MLIR text, `dense<"0x…"> : tensor<…>`: MLIR would read each digit, and keep a copy.

They become resources (`dense_resource<key>`), whose bytes stay outside MLIR. Lines stay where they are.
"""

from __future__ import annotations

import binascii
import re
from math import prod

from gossamer.compiler.resources import Resources

_OPENING = b'dense<"0x'
_TYPE = re.compile(rb">\s*:\s*tensor<((?:\d+x)+)(?:bf|[fi])(8|16|32|64)>")
_KEY = "literal"
_LEAST_BYTES = 256 * 1024
"""Passes compute with literals that are smaller."""


def take_out_literals(data: bytes, resources: Resources) -> bytes:
    """Move large literals of MLIR text; those that are wrong stay, for MLIR to say so.

    Returns: the text with resources in their place.
    """
    parts: list[bytes | memoryview] = []
    view = memoryview(data)
    copied = position = 0
    while (start := data.find(_OPENING, position)) >= 0:
        digits = start + len(_OPENING)
        position = data.find(b'"', digits)
        if position < 0:
            break
        elements = _elements(view[digits:position], _TYPE.match(data, position + 1))
        if elements is not None:
            key = f"{_KEY}_{start}"
            resources.add(key, elements)
            parts += [view[copied:start], f"dense_resource<{key}".encode()]
            copied = position + 1
        position += 1
    return b"".join((*parts, view[copied:])) if parts else data


def _elements(digits: memoryview, type: re.Match[bytes] | None) -> bytes | None:
    """What digits say, None where they are few or not one number for each element of a type."""
    if type is None or len(digits) < 2 * _LEAST_BYTES:
        return None
    count = prod(int(size) for size in type[1].split(b"x")[:-1])
    if len(digits) != 2 * count * (int(type[2]) // 8):
        return None
    try:
        return binascii.unhexlify(digits)
    except binascii.Error:
        return None
