"""Elements of less than a byte: dense in buffers, low bits first, and one to a byte in arrays.

buffer  | 0x21 | 0x43 |        array  [1, 2, 3, 4] of ml_dtypes.int4
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gossamer.abi.element_type import (
    NUMERICAL_INTEGER,
    NUMERICAL_INTEGER_SIGNED,
    NUMERICAL_INTEGER_UNSIGNED,
    DType,
    numpy_dtype,
)
from gossamer.abi.extra_dtypes import extra_dtype, extra_name

_PACKED = {
    kind << 24 | bits: f"{prefix}{bits}"
    for kind, prefix in (
        (NUMERICAL_INTEGER, "int"),
        (NUMERICAL_INTEGER_SIGNED, "int"),
        (NUMERICAL_INTEGER_UNSIGNED, "uint"),
    )
    for bits in (2, 4)
}
"""Names of ml_dtypes."""
_BYTE_BITS = 8


def packed_dtype(element_type: int) -> DType | None:
    """Type of arrays of elements of less than a byte; None for other elements."""
    name = _PACKED.get(element_type)
    return None if name is None else extra_dtype(name)


def array_dtype(element_type: int) -> DType:
    """NumPy (or ml_dtypes) type of arrays of such elements, whose memory need not be that of buffers.

    Raises: UnimplementedError for elements that there is none for.
    """
    return packed_dtype(element_type) or numpy_dtype(element_type)


def is_packed(dtype: DType) -> bool:
    """Whether arrays of a type have elements that take less than a byte in buffers."""
    return extra_name(dtype) in _PACKED.values()


def pack_array(array: npt.NDArray[Any], bits: int) -> npt.NDArray[np.uint8]:
    """Bytes of a buffer with an array's elements.

    Args:
        array: an integer to a byte, of any shape.
        bits: of an element: 1, 2 or 4.
    """
    codes = np.ascontiguousarray(array).reshape(-1).view(np.uint8) & ((1 << bits) - 1)
    share = _BYTE_BITS // bits
    filled = np.zeros(-(-codes.size // share) * share, np.uint8)
    filled[: codes.size] = codes
    shifts = np.arange(share, dtype=np.uint8) * np.uint8(bits)
    return np.bitwise_or.reduce(filled.reshape(-1, share) << shifts, axis=1, dtype=np.uint8)


def unpack_bytes(data: npt.NDArray[np.uint8], element_type: int, count: int) -> npt.NDArray[Any]:
    """The first elements of a buffer as an array of its own.

    Args:
        data: bytes.
        element_type: of integers of less than a byte.
        count: of elements.
    """
    bits = element_type & 0xFF
    shifts = np.arange(_BYTE_BITS // bits, dtype=np.uint8) * np.uint8(bits)
    codes = (data[:, None] >> shifts & np.uint8((1 << bits) - 1)).reshape(-1)[:count]
    dtype = extra_dtype(_PACKED[element_type])
    if _PACKED[element_type].startswith("u"):
        return codes.view(dtype)
    top = np.uint8(_BYTE_BITS - bits)
    return ((codes << top).view(np.int8) >> top.view(np.int8)).astype(np.int8).view(dtype)
