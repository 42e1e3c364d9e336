"""Parameters as NumPy arrays, under the names of IREE's `io` module.

Arrays carry their type and shape in an entry's metadata: `TENSORv0:` and a JSON object.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from gossamer.errors import InvalidArgumentError
from gossamer.runtime.iree_api.dtypes import map_dtype_to_dtype_info, map_name_to_dtype_info
from gossamer.runtime.iree_api.parameters import ParameterIndex, ParameterIndexEntry
from gossamer.runtime.parameters import array_bytes
from gossamer.versions import TENSOR_METADATA_VERSION

_Array: TypeAlias = "npt.NDArray[Any]"

_READABLE_VERSIONS = (TENSOR_METADATA_VERSION, "PYTORCH")
"""The second is what IREE Turbine wrote."""


class SplatValue:
    """One value, repeated.

    Attributes:
        pattern: the value: an array or NumPy scalar of one element.
        total_length: bytes of all repetitions.
    """

    def __init__(self, pattern: Any, count: Sequence[int] | int) -> None:
        """Repeat a value as often as an int says, or over a shape.

        Raises: ValueError unless there is one element.
        """
        if np.size(pattern) != 1:
            raise ValueError("SplatValue requires an array of a single element")
        self.pattern: Any = pattern
        self.total_length: int = (count if isinstance(count, int) else prod(count)) * pattern.itemsize

    def __repr__(self) -> str:
        return f"SplatValue({self.pattern} of {self.total_length})"


def save_archive_file(entries: Mapping[str, Any], file_path: str | os.PathLike[str]) -> None:
    """Write an `.irpa` file of arrays (any contiguous memory) and `SplatValue`s by key."""
    index = ParameterIndex()
    for key, value in entries.items():
        if isinstance(value, SplatValue):
            index.add_splat(key, value.pattern, value.total_length)
        else:
            index.add_buffer(key, value)
    index.create_archive_file(os.fspath(file_path))


def parameter_index_add_numpy_ndarray(index: ParameterIndex, name: str, array: _Array) -> None:
    """Add an array with its type and shape; it is shared where it is contiguous.

    Raises: KeyError where reflection has no name for its type.
    """
    index.add_buffer(name, array_bytes(array), metadata=_tensor_metadata(array))


def parameter_index_entry_as_numpy_flat_ndarray(index_entry: ParameterIndexEntry) -> _Array:
    """Bytes of a parameter in a file, shared with it; of a pattern, only the pattern once."""
    return np.frombuffer(
        index_entry.file_view if index_entry.is_file else index_entry.splat_pattern, np.uint8
    )


def parameter_index_entry_as_numpy_ndarray(index_entry: ParameterIndexEntry) -> _Array:
    """A parameter as an array of the type and shape that its metadata says.

    Raises: ValueError where there is no such metadata, or the bytes are not as many as it says.
    """
    version, separator, text = index_entry.metadata.decode().partition(":")
    if not separator:
        raise InvalidArgumentError(
            f'Invalid metadata for parameter index entry "{index_entry.key}". '
            f'Expected format version prefix not found in "{version[:100]}".'
        )
    if version not in _READABLE_VERSIONS:
        raise InvalidArgumentError(
            f'Unsupported metadata format version "{version}" for parameter index entry '
            f'"{index_entry.key}": Cannot convert to tensor'
        )
    dtype, shape = _tensor_type(json.loads(text), index_entry.key)
    data = parameter_index_entry_as_numpy_flat_ndarray(index_entry)
    if index_entry.is_splat:
        data = np.resize(data, index_entry.length)
    return data.view(dtype).reshape(shape)


def _tensor_type(metadata: Any, key: str) -> tuple[np.dtype[Any], list[int]]:
    fields = cast("dict[str, Any]", metadata) if isinstance(metadata, dict) else {}
    if fields.get("type", "Tensor") != "Tensor":
        raise InvalidArgumentError(f"Metadata for parameter entry {key} is not a Tensor ('{fields['type']}')")
    if not fields.keys() >= {"type", "dtype", "shape"}:
        raise InvalidArgumentError(f"Bad metadata for parameter entry {key}")
    try:
        dtype = map_name_to_dtype_info(fields["dtype"]).dtype
    except KeyError:
        raise InvalidArgumentError(f"Unsupported dtype for parameter entry {key}") from None
    try:
        return dtype, [int(dimension) for dimension in fields["shape"]]
    except (TypeError, ValueError):
        raise InvalidArgumentError(f"Illegal shape for parameter entry {key}") from None


def _tensor_metadata(array: _Array) -> str:
    info = map_dtype_to_dtype_info(array.dtype)
    fields = {
        "type": "Tensor",
        "dtype": info.name,
        "shape": list(array.shape),
        "dtype_desc": {
            "class_name": type(array.dtype).__name__,
            "is_complex": info.is_complex,
            "is_floating_point": info.is_floating_point,
            "is_signed": info.is_signed,
            "itemsize": array.dtype.itemsize,
        },
    }
    return f"{TENSOR_METADATA_VERSION}:{json.dumps(fields)}"
