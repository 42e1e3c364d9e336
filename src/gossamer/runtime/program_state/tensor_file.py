"""States of tensors and numbers in `.safetensors` files, which other programs read and write.

A key is `module.global`. Such a file does not say which version of a module it is the state of: what goes
back is checked by name, element type and shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import ml_dtypes
import numpy as np

from gossamer.errors import InvalidArgumentError
from gossamer.format.parameters.read_safetensors import StoredTensor, stored_tensors
from gossamer.format.parameters.write_safetensors import TensorBytes, write_safetensors
from gossamer.runtime.program_state.values import declared_tensor
from gossamer.vm.link.module import GlobalAccess

SUFFIX = ".safetensors"

_ELEMENT_TYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(type)
    for name, type in {
        "BOOL": np.bool_, "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64,
        "U8": np.uint8, "U16": np.uint16, "U32": np.uint32, "U64": np.uint64,
        "F16": np.float16, "F32": np.float32, "F64": np.float64, "C64": np.complex64,
        "BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn, "F8_E5M2": ml_dtypes.float8_e5m2,
    }.items()
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _ELEMENT_TYPES.items()}
_NUMBERS = {"i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "f32": np.float32}


def write_tensors(path: str, values: Mapping[str, Any], accesses: Mapping[str, GlobalAccess]) -> None:
    """Write a state to a file.

    Args:
        path: of the file.
        values: by name: arrays and numbers.
        accesses: to the globals they are from.
    Raises: InvalidArgumentError where a value is nothing that such a file holds; OSError.
    """
    tensors: dict[str, TensorBytes] = {}
    for name, value in values.items():
        array = _as_array(name, value, accesses[name])
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        tensors[name] = TensorBytes(_NAMES[array.dtype], array.shape, data)
    write_safetensors(path, tensors)


def read_tensors(
    path: str, present: Mapping[str, Any], accesses: Mapping[str, GlobalAccess], *, by_name: bool
) -> dict[str, Any]:
    """Read a state from a file.

    Args:
        path: of the file.
        present: the state as it is now.
        accesses: to its globals.
        by_name: take what the file and the state have in common.
    Returns: what to set, by name: arrays and numbers.
    Raises: InvalidArgumentError where the file holds another state; FormatError; OSError.
    """
    data = memoryview(Path(path).read_bytes())
    stored = stored_tensors(data)
    if not by_name and (differing := sorted(stored.keys() ^ present.keys())):
        where = "only here" if differing[0] in present else "only in the file"
        raise InvalidArgumentError(
            f"'{path}' holds the state of another program: {differing[0]} is {where}; "
            "by_name=True takes over what is in both"
        )
    return {
        name: _read_value(name, tensor, data, present[name], accesses[name])
        for name, tensor in stored.items()
        if name in present
    }


def _read_value(name: str, tensor: StoredTensor, data: memoryview, present: Any, access: GlobalAccess) -> Any:
    declared = declared_tensor(access)
    expected = declared or _as_array(name, present, access)
    dtype = _ELEMENT_TYPES.get(tensor.element_type)
    is_fitting = len(tensor.shape) == len(expected.shape) and all(
        size in (None, found) for size, found in zip(expected.shape, tensor.shape, strict=True)
    )
    if dtype != expected.dtype or not is_fitting:
        there = f"{tensor.element_type} of shape {tensor.shape}"
        here = access.type or f"{_NAMES[expected.dtype]} of shape {expected.shape}"
        raise InvalidArgumentError(f"{name} is {there} in the file, and {here} here")
    array = np.frombuffer(data[tensor.start : tensor.end], dtype).reshape(tensor.shape)
    return array.item() if isinstance(present, (bool, int, float)) else array.copy()


def _as_array(name: str, value: Any, access: GlobalAccess) -> np.ndarray[Any, Any]:
    if isinstance(value, (bool, int, float)):
        return np.asarray(value, _NUMBERS.get(access.type))
    kind = type(value).__name__
    if isinstance(value, np.ndarray):
        array = cast("np.ndarray[Any, Any]", value)
        if array.dtype in _NAMES:
            return array
        kind = f"{array.dtype} array"
    raise InvalidArgumentError(
        f"{name} is a {kind}, which is nothing that {SUFFIX} files hold; "
        "a file of another suffix takes any state"
    )
