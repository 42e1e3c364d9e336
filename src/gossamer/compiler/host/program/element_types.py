"""Element types of tensors as the HAL numbers and stores them.

A type is a 32-bit number: what kind of number it is in the top byte, how many bits it has in the rest.
Spec: `iree/hal/buffer_view.h` of IREE 3.13.0, `iree_hal_element_types_t`.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SIGNLESS, _SIGNED, _UNSIGNED, _BOOLEAN = 0x10, 0x11, 0x12, 0x13
_FLOATS = {
    "f16": 0x21000010,
    "f32": 0x21000020,
    "f64": 0x21000040,
    "bf16": 0x22000010,
    "complex<f32>": 0x23000040,
    "complex<f64>": 0x23000080,
    "f8E5M2": 0x24000008,
    "f8E4M3FN": 0x25000008,
    "f8E5M2FNUZ": 0x26000008,
    "f8E4M3FNUZ": 0x27000008,
    "f8E8M0FNU": 0x28000008,
}
_INTEGER = re.compile(r"([su]?)i(\d+)")
_KINDS = {"": _SIGNLESS, "s": _SIGNED, "u": _UNSIGNED}


@lru_cache(maxsize=256)
def element_type_code(element: str) -> int | None:
    """The HAL's number for an MLIR element type, or None where it has none."""
    if element in _FLOATS:
        return _FLOATS[element]
    if element == "index":
        return _SIGNLESS << 24 | 64
    if element == "i1":
        return _BOOLEAN << 24 | 8
    match = _INTEGER.fullmatch(element)
    return _KINDS[match[1]] << 24 | int(match[2]) if match else None


@lru_cache(maxsize=256)
def element_bits(element: str) -> int | None:
    """Bits an element takes in memory, or None where it cannot be stored; a boolean takes 8."""
    code = element_type_code(element)
    return None if code is None else code & 0xFFFFFF
