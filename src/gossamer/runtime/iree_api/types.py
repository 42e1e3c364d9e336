"""Enumerations of the HAL under the names of IREE's binding."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any

import numpy as np

from gossamer.abi import element_type as element_types


class Shape(list[int]):
    """Dimensions, where the reference asks for this class; any sequence of ints will do."""


class BufferCompatibility(IntFlag):
    """What an allocator can do with a buffer of given type and usage."""

    NONE = 0
    ALLOCATABLE = 1
    IMPORTABLE = 2
    EXPORTABLE = 4
    QUEUE_TRANSFER = 1 << 10
    QUEUE_DISPATCH = 1 << 11


class HalElementType(IntEnum):
    """Element types of buffer views."""

    NONE = element_types.NONE
    OPAQUE_8 = element_types.OPAQUE_8
    OPAQUE_16 = element_types.OPAQUE_16
    OPAQUE_32 = element_types.OPAQUE_32
    OPAQUE_64 = element_types.OPAQUE_64
    BOOL_8 = element_types.BOOL_8
    INT_4 = element_types.INT_4
    INT_8 = element_types.INT_8
    INT_16 = element_types.INT_16
    INT_32 = element_types.INT_32
    INT_64 = element_types.INT_64
    SINT_4 = element_types.SINT_4
    SINT_8 = element_types.SINT_8
    SINT_16 = element_types.SINT_16
    SINT_32 = element_types.SINT_32
    SINT_64 = element_types.SINT_64
    UINT_4 = element_types.UINT_4
    UINT_8 = element_types.UINT_8
    UINT_16 = element_types.UINT_16
    UINT_32 = element_types.UINT_32
    UINT_64 = element_types.UINT_64
    FLOAT_16 = element_types.FLOAT_16
    FLOAT_32 = element_types.FLOAT_32
    FLOAT_64 = element_types.FLOAT_64
    BFLOAT_16 = element_types.BFLOAT_16
    COMPLEX_64 = element_types.COMPLEX_64
    COMPLEX_128 = element_types.COMPLEX_128
    FLOAT_8_E5M2 = element_types.FLOAT_8_E5M2
    FLOAT_8_E4M3_FN = element_types.FLOAT_8_E4M3_FN
    FLOAT_8_E5M2_FNUZ = element_types.FLOAT_8_E5M2_FNUZ
    FLOAT_8_E4M3_FNUZ = element_types.FLOAT_8_E4M3_FNUZ
    FLOAT_8_E8M0_FNU = element_types.FLOAT_8_E8M0_FNU

    @staticmethod
    def map_to_dtype(element_type: int) -> np.dtype[Any]:
        """NumPy (or ml_dtypes) type of the elements."""
        return element_types.numpy_dtype(int(element_type))

    @staticmethod
    def is_byte_aligned(element_type: int) -> bool:
        """True where an element takes whole bytes."""
        return element_types.bit_count(int(element_type)) % 8 == 0

    @staticmethod
    def dense_byte_count(element_type: int) -> int:
        """Bytes of one element, rounded up."""
        return element_types.byte_length(int(element_type), 1)


class ExternalTimepointType(IntEnum):
    """Kinds of timepoints of other runtimes."""

    NONE = 0
    ASYNC_PRIMITIVE = 1
    CUDA_EVENT = 2
    HIP_EVENT = 3


class ExternalTimepointFlags(IntFlag):
    """Flags of such timepoints; there are none."""

    NONE = 0


class SemaphoreCompatibility(IntFlag):
    """Who can wait for a semaphore and signal it."""

    NONE = 0
    HOST_WAIT = 1
    DEVICE_WAIT = 2
    HOST_SIGNAL = 4
    DEVICE_SIGNAL = 8
    HOST_ONLY = 5
    DEVICE_ONLY = 10
    ALL = 15


class Linkage(IntEnum):
    """Which functions of a module a lookup is for."""

    INTERNAL = 0
    IMPORT = 1
    EXPORT = 2
    IMPORT_OPTIONAL = 3
    EXPORT_OPTIONAL = 4
