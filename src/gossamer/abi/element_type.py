"""Element types of buffer views: IREE's codes, their names and their NumPy types.

A code is 32 bits: numerical type << 24 | bits of one element. Codes are plain ints, as programs carry them.
Spec: `iree/hal/buffer_view.h` and `iree/hal/string_util.c` of IREE 3.13.0.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import numpy as np

from gossamer.abi.extra_dtypes import extra_dtype, extra_name
from gossamer.errors import InvalidArgumentError, UnimplementedError

DType: TypeAlias = "np.dtype[Any]"

ENCODING_OPAQUE = 0
ENCODING_DENSE_ROW_MAJOR = 1

NUMERICAL_OPAQUE = 0x00
NUMERICAL_INTEGER = 0x10
NUMERICAL_INTEGER_SIGNED = 0x11
NUMERICAL_INTEGER_UNSIGNED = 0x12
NUMERICAL_BOOLEAN = 0x13
NUMERICAL_FLOAT_IEEE = 0x21
NUMERICAL_FLOAT_BRAIN = 0x22
NUMERICAL_FLOAT_COMPLEX = 0x23

NONE = 0
OPAQUE_8 = 0x00000008
OPAQUE_16 = 0x00000010
OPAQUE_32 = 0x00000020
OPAQUE_64 = 0x00000040
BOOL_8 = 0x13000008
INT_4 = 0x10000004
INT_8 = 0x10000008
INT_16 = 0x10000010
INT_32 = 0x10000020
INT_64 = 0x10000040
SINT_4 = 0x11000004
SINT_8 = 0x11000008
SINT_16 = 0x11000010
SINT_32 = 0x11000020
SINT_64 = 0x11000040
UINT_4 = 0x12000004
UINT_8 = 0x12000008
UINT_16 = 0x12000010
UINT_32 = 0x12000020
UINT_64 = 0x12000040
FLOAT_16 = 0x21000010
FLOAT_32 = 0x21000020
FLOAT_64 = 0x21000040
BFLOAT_16 = 0x22000010
COMPLEX_64 = 0x23000040
COMPLEX_128 = 0x23000080
FLOAT_8_E5M2 = 0x24000008
FLOAT_8_E4M3_FN = 0x25000008
FLOAT_8_E5M2_FNUZ = 0x26000008
FLOAT_8_E4M3_FNUZ = 0x27000008
FLOAT_8_E8M0_FNU = 0x28000008

_FLOAT_8_NAMES = {
    FLOAT_8_E5M2: "f8E5M2",
    FLOAT_8_E4M3_FN: "f8E4M3FN",
    FLOAT_8_E5M2_FNUZ: "f8E5M2FNUZ",
    FLOAT_8_E4M3_FNUZ: "f8E4M3FNUZ",
    FLOAT_8_E8M0_FNU: "f8E8M0FNU",
}
_PREFIXES = {
    NUMERICAL_INTEGER: "i",
    NUMERICAL_INTEGER_SIGNED: "si",
    NUMERICAL_INTEGER_UNSIGNED: "ui",
    NUMERICAL_FLOAT_IEEE: "f",
    NUMERICAL_FLOAT_BRAIN: "bf",
    NUMERICAL_FLOAT_COMPLEX: "cf",
}
_COMPLEX_OF_NAME = {"complex<f32>": COMPLEX_64, "complex<f64>": COMPLEX_128}
_NUMERICAL_OF_PREFIX = {prefix: numerical for numerical, prefix in _PREFIXES.items()}
_FLOAT_8_OF_NAME = {name: code for code, name in _FLOAT_8_NAMES.items()}
_NAME = re.compile(r"(i|si|ui|f|bf|cf|\*)(\d+)")

_DTYPES: dict[int, DType] = {
    BOOL_8: np.dtype(np.bool_),
    INT_8: np.dtype(np.int8),
    INT_16: np.dtype(np.int16),
    INT_32: np.dtype(np.int32),
    INT_64: np.dtype(np.int64),
    SINT_8: np.dtype(np.int8),
    SINT_16: np.dtype(np.int16),
    SINT_32: np.dtype(np.int32),
    SINT_64: np.dtype(np.int64),
    UINT_8: np.dtype(np.uint8),
    UINT_16: np.dtype(np.uint16),
    UINT_32: np.dtype(np.uint32),
    UINT_64: np.dtype(np.uint64),
    FLOAT_16: np.dtype(np.float16),
    FLOAT_32: np.dtype(np.float32),
    FLOAT_64: np.dtype(np.float64),
    COMPLEX_64: np.dtype(np.complex64),
    COMPLEX_128: np.dtype(np.complex128),
}
# NumPy's signed integers say that they are signed, as in IREE's Python binding: int32 is si32, not i32.
_CODES: dict[DType, int] = {
    **{dtype: code for code, dtype in _DTYPES.items() if code >> 24 != NUMERICAL_INTEGER},
}
_EXTRA = {
    BFLOAT_16: "bfloat16",
    FLOAT_8_E5M2: "float8_e5m2",
    FLOAT_8_E4M3_FN: "float8_e4m3fn",
    FLOAT_8_E5M2_FNUZ: "float8_e5m2fnuz",
    FLOAT_8_E4M3_FNUZ: "float8_e4m3fnuz",
    FLOAT_8_E8M0_FNU: "float8_e8m0fnu",
}
_CODE_OF_EXTRA = {
    **{name: code for code, name in _EXTRA.items()},
    "int2": NUMERICAL_INTEGER_SIGNED << 24 | 2,
    "int4": SINT_4,
    "uint2": NUMERICAL_INTEGER_UNSIGNED << 24 | 2,
    "uint4": UINT_4,
}


def bit_count(element_type: int) -> int:
    """Bits of one element."""
    return element_type & 0xFF


def byte_length(element_type: int, element_count: int) -> int:
    """Bytes that `element_count` densely packed elements take, rounded up to whole bytes."""
    return (element_count * (element_type & 0xFF) + 7) >> 3


def is_opaque(element_type: int) -> bool:
    """True where nothing is known of the elements but their size."""
    return (element_type >> 24) & 0xFF == NUMERICAL_OPAQUE


def is_integer(element_type: int) -> bool:
    """True for signless, signed, unsigned and boolean elements."""
    return (element_type >> 28) & 0xF == 1


def are_compatible(actual: int, expected: int) -> bool:
    """True where elements of type `actual` may be passed where `expected` is asked for.

    Integers of one width stand for each other whatever their sign, and opaque elements for anything.
    """
    if actual == expected or is_opaque(actual):
        return True
    return is_integer(actual) and is_integer(expected) and actual & 0xFF == expected & 0xFF


def element_type_name(element_type: int) -> str:
    """Name as tools print it: `f32`, `si8`, `i1` for booleans, `*16` for what is not known."""
    name = _FLOAT_8_NAMES.get(element_type)
    if name is not None:
        return name
    numerical = (element_type >> 24) & 0xFF
    if numerical == NUMERICAL_BOOLEAN:
        return "i1"
    return f"{_PREFIXES.get(numerical, '*')}{element_type & 0xFF}"


def parse_element_type(name: str) -> int:
    """Code of a name that `element_type_name` prints, or of `complex<f32>` and `complex<f64>`.

    Raises: InvalidArgumentError when it is no element type's name.
    """
    if name in _FLOAT_8_OF_NAME:
        return _FLOAT_8_OF_NAME[name]
    if name in _COMPLEX_OF_NAME:
        return _COMPLEX_OF_NAME[name]
    match = _NAME.fullmatch(name)
    bits = int(match[2]) if match else 0
    if match is None or not 0 < bits <= 0xFF:
        raise InvalidArgumentError(f"unhandled element type prefix in '{name}'")
    if name == "i1":
        return BOOL_8
    return _NUMERICAL_OF_PREFIX.get(match[1], NUMERICAL_OPAQUE) << 24 | bits


def split_tensor_text(text: str) -> tuple[list[str], str]:
    """Sizes and element type of text such as `2x?xf32`; neither is checked."""
    start = text.rfind("complex<")
    if start < 0:
        start = text.rfind("x") + 1
    sizes = text[:start].removesuffix("x")
    return sizes.split("x") if sizes else [], text[start:]


def numpy_dtype(element_type: int) -> DType:
    """NumPy (or ml_dtypes) type that sees the elements in a buffer's memory.

    Raises: UnimplementedError for elements NumPy has no such type for, such as packed 4-bit integers.
    """
    dtype = _DTYPES.get(element_type)
    if dtype is not None:
        return dtype
    if element_type in _EXTRA:
        return extra_dtype(_EXTRA[element_type])
    bits = element_type & 0xFF
    if is_opaque(element_type) and bits in (8, 16, 32, 64):
        return np.dtype(f"u{bits // 8}")
    raise UnimplementedError(f"NumPy has no type for elements of type {element_type_name(element_type)}")


def element_type_of(dtype: DType) -> int:
    """Code of a NumPy (or ml_dtypes) type.

    Raises: InvalidArgumentError when no element type holds its values.
    """
    code = _CODES.get(dtype)
    if code is None:
        code = _CODE_OF_EXTRA.get(extra_name(dtype)) or _CODES.get(dtype.newbyteorder("<"))
    if code is None:
        raise InvalidArgumentError(f"no element type holds NumPy's {dtype}")
    return code
