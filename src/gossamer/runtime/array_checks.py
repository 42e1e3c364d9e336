"""Checks of arrays against what functions declare."""

from __future__ import annotations

from typing import Any

import numpy as np

from gossamer.errors import InvalidArgumentError


def check_array(
    array: np.ndarray[Any, np.dtype[Any]], shape: tuple[int | None, ...], dtype: np.dtype[Any], what: str
) -> None:
    """Raise InvalidArgumentError unless an array is what a function declares.

    Args:
        shape: declared sizes, None for any.
        dtype: declared type; integers of the same width stand for each other.
        what: names the argument, for the message.
    """
    if array.dtype != dtype and not _same_bits(array.dtype, dtype):
        library = "np" if dtype.isbuiltin == 1 else "ml_dtypes"
        raise InvalidArgumentError(
            f"{what} has dtype {array.dtype}, expected {dtype}; convert it with .astype({library}.{dtype})"
        )
    sizes = array.shape
    if sizes != shape and (
        len(sizes) != len(shape)
        or any(expected not in (None, size) for expected, size in zip(shape, sizes, strict=True))
    ):
        expected_text = "x".join("?" if size is None else str(size) for size in shape) or "()"
        found_text = "x".join(map(str, array.shape)) or "()"
        raise InvalidArgumentError(f"{what} has shape {found_text}, expected {expected_text}")


def _same_bits(found: np.dtype[Any], expected: np.dtype[Any]) -> bool:
    integers = "iub"
    return found.itemsize == expected.itemsize and found.kind in integers and expected.kind in integers
