"""Storage of results: memory that a caller gives for a result to be written to (`iree.abi.output`).

In: what a caller passes for such an input: an array, a buffer view, or nothing. Out: a buffer view for the
program, and the caller's own array as the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from gossamer.abi.memory_flags import ALIGNMENT
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer_view import BufferView, can_be_shared
from gossamer.runtime.array_checks import check_array
from gossamer.runtime.signature import ToVm, ValueDescription


class _Omitted:
    """What stands for storage that the caller did not give."""

    def __repr__(self) -> str:
        return "OMITTED"


OMITTED = _Omitted()


def storage_converter(description: ValueDescription, function_name: str, allocator: Allocator) -> ToVm:
    """Function that turns what a caller passes for storage into a buffer view.

    A writable, contiguous, 64-byte aligned array is written in place. Others get memory of `allocator`, from
    which `return_to_caller` copies. Storage not given is allocated where the declared shape is static.
    """
    what = f"storage {description.name} of {function_name}"
    shape, dtype, element_type = description.shape, description.dtype, description.element_type

    def convert(value: object) -> object:
        if value is OMITTED or value is None:
            return _allocate()
        if isinstance(value, np.ndarray):
            return _of_array(cast("np.ndarray[Any, np.dtype[Any]]", value))
        if isinstance(value, BufferView):
            return value
        raise InvalidArgumentError(f"{what} is {value!r}, expected an array or a buffer view")

    def _allocate() -> BufferView:
        if shape is None or None in shape or dtype is None or element_type is None:
            raise InvalidArgumentError(
                f"{what} has type {description.type or 'unknown'}: give it, as its size is not known"
            )
        sizes = [size for size in shape if size is not None]
        length = int(np.prod(sizes, dtype=np.int64)) * dtype.itemsize
        return BufferView(allocator.allocate_buffer(length), sizes, element_type)

    def _of_array(array: np.ndarray[Any, np.dtype[Any]]) -> BufferView:
        if not array.flags.writeable:
            raise InvalidArgumentError(f"{what} is a read-only array; results cannot be written to it")
        if shape is not None and dtype is not None:
            check_array(array, shape, dtype, what)
        copy = not can_be_shared(array)
        return BufferView.from_numpy(array, allocator, element_type=element_type, copy=copy)

    return convert


def place_storage(inputs: Sequence[ValueDescription], out: object, function_name: str) -> dict[str, object]:
    """Names and values of storage inputs for what a caller gives as `out=`.

    Args:
        out: storage of the only result that takes any; or a tuple or list with one element for each such
            result, in the order of results, None where there is none.
    Raises: InvalidArgumentError when the function takes no storage, or another number.
    """
    takers = sorted((each for each in inputs if each.output is not None), key=lambda each: each.output or 0)
    given = cast("Sequence[object]", out) if isinstance(out, (tuple, list)) else (out,)
    if len(given) != len(takers):
        raise InvalidArgumentError(
            f"{function_name} takes storage for {len(takers)} results, out= has {len(given)}"
        )
    return {each.name: value for each, value in zip(takers, given, strict=True) if value is not None}


def require_in_place(
    inputs: Sequence[ValueDescription], arguments: Sequence[object], function_name: str
) -> None:
    """Raise InvalidArgumentError where results would have to be copied to a caller's array."""
    for description, argument in zip(inputs, arguments, strict=True):
        if description.output is not None and isinstance(argument, np.ndarray):
            array = cast("np.ndarray[Any, np.dtype[Any]]", argument)
            if not can_be_shared(array):
                raise InvalidArgumentError(
                    f"storage {description.name} of {function_name} must be contiguous and "
                    f"{ALIGNMENT}-byte aligned where fences are given by hand"
                )


def return_to_caller(
    inputs: Sequence[ValueDescription], arguments: Sequence[object], results: Sequence[Any]
) -> tuple[Any, ...]:
    """Results with the caller's own arrays in place of the program's views of them.

    Args:
        inputs, arguments: of the call, one for one.
    """
    returned = list(results)
    for description, argument in zip(inputs, arguments, strict=True):
        if description.output is None or not isinstance(argument, np.ndarray):
            continue
        array = cast("np.ndarray[Any, np.dtype[Any]]", argument)
        if not can_be_shared(array):
            array[...] = returned[description.output]
        returned[description.output] = array
    return tuple(returned)
