"""From files and arrays to the module that programs load parameters from.

In: what users name as parameters of each scope. Out: the `io_parameters` module.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from gossamer.errors import InvalidArgumentError
from gossamer.format.parameters.index import ParameterIndex
from gossamer.modules.io_parameters.module import IoParametersModule
from gossamer.modules.io_parameters.provider import ParameterProvider

ParameterSource: TypeAlias = "str | os.PathLike[str] | ParameterIndex | Mapping[str, Any]"
"""The path of a parameter file, an index, or arrays by key."""


def parameters_module(
    parameters: Mapping[str, ParameterSource | Sequence[ParameterSource]],
) -> IoParametersModule:
    """Make the module that serves parameters.

    Args:
        parameters: source of each scope, or several; the empty scope is the one without a name. Files are
            mapped, arrays are shared where they are contiguous, and read-only to programs.
    Raises: NotFoundError, UnimplementedError or FormatError for a file; InvalidArgumentError for what holds
        no parameters.
    """
    return IoParametersModule(
        [ParameterProvider(scope, _index_of(source)) for scope, source in parameters.items()]
    )


def _index_of(source: object) -> ParameterIndex:
    if isinstance(source, ParameterIndex):
        # Why itself: what is added to it later counts.
        return source
    index = ParameterIndex()
    if isinstance(source, (list, tuple)):
        for each in cast("Sequence[object]", source):
            _add_source(index, each)
    else:
        _add_source(index, source)
    return index


def _add_source(index: ParameterIndex, source: object) -> None:
    if isinstance(source, (str, os.PathLike)):
        index.load(cast("str | os.PathLike[str]", source))
    elif isinstance(source, ParameterIndex):
        for entry in source:
            index.add(entry)
    elif isinstance(source, Mapping):
        for key, value in cast("Mapping[str, Any]", source).items():
            index.add_buffer(key, array_bytes(value).data)
    else:
        raise InvalidArgumentError(
            f"{source!r} holds no parameters: expected a path, a ParameterIndex or arrays by key"
        )


def array_bytes(value: Any) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """The bytes of an array in C order, shared with it where it is contiguous.

    Raises: InvalidArgumentError for objects NumPy makes no array of numbers of.
    """
    array: np.ndarray[Any, np.dtype[Any]] = np.ascontiguousarray(value)
    if array.dtype.hasobject:
        raise InvalidArgumentError(f"{type(value).__name__} holds no array of numbers")
    return array.reshape(-1).view(np.uint8)
