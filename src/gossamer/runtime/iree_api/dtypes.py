"""NumPy types, the names `iree.abi` reflection has for them, and element types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gossamer.abi import element_type as element_types
from gossamer.errors import StatusError
from gossamer.runtime.iree_api.types import HalElementType


@dataclass(frozen=True)
class DTypeInfo:
    """One type.

    Attributes:
        dtype: NumPy's type.
        name: NumPy's name.
        abi_type: the name in reflection.
        hal_type: element type of buffer views.
    """

    dtype: np.dtype[Any]
    name: str
    abi_type: str
    hal_type: HalElementType

    @property
    def is_complex(self) -> bool:
        """True for complex numbers."""
        return self.dtype.kind == "c"

    @property
    def is_floating_point(self) -> bool:
        """True for real floats."""
        return self.dtype.kind == "f"

    @property
    def is_integer(self) -> bool:
        """True for integers; not for booleans."""
        return self.dtype.kind in "iu"

    @property
    def is_signed(self) -> bool:
        """True for signed integers."""
        return self.dtype.kind == "i"


_ABI_TYPES = {
    "float16": "f16", "float32": "f32", "float64": "f64",
    "int8": "i8", "uint8": "i8", "int16": "i16", "uint16": "i16",
    "int32": "i32", "uint32": "i32", "int64": "i64", "uint64": "i64",
    "bool": "i1", "complex64": "complex<f32>", "complex128": "complex<f64>",
}  # fmt: skip


def _info(name: str, abi_type: str) -> DTypeInfo:
    dtype = np.dtype(name)
    return DTypeInfo(dtype, name, abi_type, HalElementType(element_types.element_type_of(dtype)))


_BY_NAME = {name: _info(name, abi_type) for name, abi_type in _ABI_TYPES.items()}
_BY_DTYPE = {info.dtype: info for info in _BY_NAME.values()}
# Reflection does not tell unsigned integers from signed ones; arrays of its integers are signed.
_BY_ABI_TYPE = {info.abi_type: info for info in _BY_NAME.values() if info.dtype.kind != "u"}

DTYPE_TO_ABI_TYPE: dict[np.dtype[Any], str] = {info.dtype: info.abi_type for info in _BY_DTYPE.values()}


def map_dtype_to_dtype_info(dtype: npt.DTypeLike) -> DTypeInfo:
    """Description of a NumPy type. Raises: KeyError when reflection has no name for it."""
    try:
        return _BY_DTYPE[np.dtype(dtype)]
    except KeyError:
        raise KeyError(f"Numpy dtype {dtype} not found.") from None


def map_name_to_dtype_info(name: str) -> DTypeInfo:
    """Description of a NumPy type by its name. Raises: KeyError."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise KeyError(f"Numpy dtype name {name!r} not found.") from None


def map_abi_type_to_dtype_info(abi_type: str) -> DTypeInfo:
    """Description of a NumPy type by its name in reflection. Raises: KeyError."""
    try:
        return _BY_ABI_TYPE[abi_type]
    except KeyError:
        raise KeyError(f"ABI type {abi_type!r} not found.") from None


def map_dtype_to_hal_element_type(dtype: npt.DTypeLike) -> HalElementType | None:
    """Element type of a NumPy or ml_dtypes type, or None where there is none."""
    try:
        return HalElementType(element_types.element_type_of(np.dtype(dtype)))
    except (StatusError, TypeError):
        return None
