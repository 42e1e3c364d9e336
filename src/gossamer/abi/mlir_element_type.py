"""Element types of tensors as MLIR spells them, numbered as buffer views number them.

`abi.element_type` has the numbers, and names as tools print them: `complex<f32>` is `cf64` there, and `index`
has no name of its own.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gossamer.abi import element_type as element_types

_CODES = {
    "f16": element_types.FLOAT_16,
    "f32": element_types.FLOAT_32,
    "f64": element_types.FLOAT_64,
    "bf16": element_types.BFLOAT_16,
    "complex<f32>": element_types.COMPLEX_64,
    "complex<f64>": element_types.COMPLEX_128,
    "f8E5M2": element_types.FLOAT_8_E5M2,
    "f8E4M3FN": element_types.FLOAT_8_E4M3_FN,
    "f8E5M2FNUZ": element_types.FLOAT_8_E5M2_FNUZ,
    "f8E4M3FNUZ": element_types.FLOAT_8_E4M3_FNUZ,
    "f8E8M0FNU": element_types.FLOAT_8_E8M0_FNU,
    "index": element_types.INT_64,
    "i1": element_types.BOOL_8,
}
_INTEGER = re.compile(r"([su]?)i(\d+)")
_KINDS = {
    "": element_types.NUMERICAL_INTEGER,
    "s": element_types.NUMERICAL_INTEGER_SIGNED,
    "u": element_types.NUMERICAL_INTEGER_UNSIGNED,
}
_MAX_BITS = 0xFF


@lru_cache(maxsize=256)
def element_type_code(element: str) -> int | None:
    """The number of an MLIR element type, or None where it has none."""
    if element in _CODES:
        return _CODES[element]
    match = _INTEGER.fullmatch(element)
    if match is None or int(match[2]) > _MAX_BITS:
        return None
    return _KINDS[match[1]] << 24 | int(match[2])


@lru_cache(maxsize=256)
def element_bits(element: str) -> int | None:
    """Bits an element takes in memory, or None where it cannot be stored; a boolean takes 8."""
    code = element_type_code(element)
    return None if code is None else element_types.bit_count(code)


def mlir_element_type(code: int) -> str:
    """An element type as MLIR spells it; as tools do where MLIR has no such type."""
    return _NAMES.get(code) or element_types.element_type_name(code)


_NAMES = {code: name for name, code in _CODES.items() if name != "index"}
