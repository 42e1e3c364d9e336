"""Strided NumPy views of `!vm.buffer` arguments, as the functions of `vmvx` see memory."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from gossamer.errors import OutOfRangeError, PermissionDeniedError
from gossamer.modules.native import wrong_ref
from gossamer.vm.objects.buffer import Buffer

Array: TypeAlias = npt.NDArray[Any]
Sizes: TypeAlias = tuple[int, ...]


def read_view(buffer: object, dtype: npt.DTypeLike, offset: int, strides: Sizes, sizes: Sizes) -> Array:
    """View of a buffer that is only read.

    Args:
        offset, strides: in elements.
    Raises: OutOfRangeError when an element of the view is outside the buffer.
    """
    if type(buffer) is not Buffer:
        raise wrong_ref(buffer, "!vm.buffer")
    return _view(buffer, np.dtype(dtype), offset, strides, sizes)


def write_view(buffer: object, dtype: npt.DTypeLike, offset: int, strides: Sizes, sizes: Sizes) -> Array:
    """As `read_view`, of a buffer that is stored to.

    Raises: PermissionDeniedError when the buffer is immutable.
    """
    if type(buffer) is not Buffer:
        raise wrong_ref(buffer, "!vm.buffer")
    if not buffer.is_mutable:
        raise PermissionDeniedError("buffer is read-only; nothing may be stored to it")
    return _view(buffer, np.dtype(dtype), offset, strides, sizes)


def _view(buffer: Buffer, dtype: np.dtype[Any], offset: int, strides: Sizes, sizes: Sizes) -> Array:
    if min(sizes) <= 0:
        return np.empty(tuple(max(size, 0) for size in sizes), dtype)
    available = buffer.length // dtype.itemsize
    reach = [(size - 1) * stride for size, stride in zip(sizes, strides, strict=True)]
    lowest = offset + sum(min(distance, 0) for distance in reach)
    highest = offset + sum(max(distance, 0) for distance in reach)
    if lowest < 0 or highest >= available:
        raise OutOfRangeError(
            f"elements [{lowest}, {highest}] are out of range of a buffer of {available} elements"
        )
    # Safety: every element the view can reach was checked to be in the buffer.
    return np.ndarray(
        sizes,
        dtype,
        buffer.data,
        offset * dtype.itemsize,
        tuple(stride * dtype.itemsize for stride in strides),
    )
