"""Python arguments → a list of VM values, as `iree.abi` reflection describes them or as they are.

Each description is a scalar's type name, or a list: `["ndarray", type, rank, dims...]`, `["slist", ...]`,
`["stuple", ...]`, `["sdict", [key, description]...]`, `["named", name, description]`.
Without descriptions ints go as i64, floats as f64, arrays as buffer views, containers as lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from gossamer.abi.element_type import element_type_of
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.allocator import Allocator
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.iree_api.dtypes import map_abi_type_to_dtype_info, map_dtype_to_hal_element_type
from gossamer.runtime.iree_api.hal.buffers import HalBufferView
from gossamer.runtime.iree_api.hal.device_array import DeviceArray
from gossamer.runtime.iree_api.refs import unwrap
from gossamer.vm.objects.list import List

Description: TypeAlias = Any
_INTEGER_BITS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64}
_FLOATS = ("f32", "f64")
_ELEMENT_TYPES = {dtype: element_type_of(dtype) for dtype in map(np.dtype, "?bBhHiIlLefdFD")}
"""Of the types that are taken as they are."""


class ArgumentPacker:
    """Packs the arguments of one function.

    Args:
        descriptions: one for each argument, or None where there is no reflection.
    """

    def __init__(self, descriptions: Sequence[Description] | None) -> None:
        self._descriptions: list[Description] | None = None
        self._positions: dict[str, int] = {}
        if descriptions is None:
            return
        self._descriptions = []
        for index, description in enumerate(descriptions):
            if isinstance(description, list) and description[0] == "named":
                _, name, description = cast("list[Any]", description)
                self._positions[name] = index
            self._descriptions.append(description)

    def pack(self, allocator: Allocator, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> List:
        """Make a list of the arguments.

        Raises: ValueError when they do not fit.
        """
        packed = List()
        if self._descriptions is None:
            if keywords:
                raise InvalidArgumentError("keyword arguments need reflection, which this function lacks")
            for value in arguments:
                _pack_undescribed(packed, value, allocator)
            return packed
        values = self._arrange(arguments, keywords, len(self._descriptions))
        for description, value in zip(self._descriptions, values, strict=True):
            _pack(packed, description, value, allocator)
        return packed

    def pack_arrays(self, allocator: Allocator, arguments: Sequence[Any]) -> list[BufferView] | None:
        """What `pack` makes of arguments that are all arrays without descriptions; None for others."""
        if self._descriptions is not None:
            return None
        views: list[BufferView] = []
        for value in arguments:
            if type(value) is DeviceArray:
                views.append(value._buffer_view.object)  # pyright: ignore[reportPrivateUsage]
                continue
            element_type = _ELEMENT_TYPES.get(value.dtype) if type(value) is np.ndarray else None
            if element_type is None:
                return None
            views.append(BufferView.copy_of(value, element_type, allocator))
        return views

    def _arrange(self, arguments: Sequence[Any], keywords: Mapping[str, Any], count: int) -> list[Any]:
        positional_count = count - len(self._positions)
        if len(arguments) > positional_count:
            raise InvalidArgumentError(
                f"mismatched call arity: expected {positional_count} positional arguments, "
                f"got {len(arguments)}"
            )
        placed = dict(enumerate(arguments))
        for name, value in keywords.items():
            position = self._positions.get(name)
            if position is None:
                raise InvalidArgumentError(f"specified kwarg '{name}' is unknown")
            if position in placed:
                raise InvalidArgumentError(f"mismatched call arity: argument '{name}' is given twice")
            placed[position] = value
        for position in range(count):
            if position not in placed:
                raise InvalidArgumentError(f"mismatched call arity: no value for argument {position}")
        return [placed[position] for position in range(count)]


def _pack(target: List, description: Description, value: Any, allocator: Allocator) -> None:
    if isinstance(description, str):
        _pack_scalar(target, description, value)
        return
    kind, *rest = cast("list[Any]", description)
    if kind == "ndarray":
        _pack_array(target, value, _dtype(rest[0]), allocator)
    elif kind in ("slist", "stuple"):
        entries = list(enumerate(rest))
        target.append(_pack_items(entries, value, "sequence", allocator))
    elif kind == "sdict":
        target.append(_pack_items(rest, value, "dict", allocator))
    else:
        raise InvalidArgumentError(f"Unrecognized reflection compound type: {kind}")


def _dtype(abi_type: str) -> np.dtype[Any]:
    try:
        return map_abi_type_to_dtype_info(abi_type).dtype
    except KeyError:
        raise InvalidArgumentError(f"could not map abi type '{abi_type}' to numpy dtype") from None


def _pack_items(
    entries: Sequence[tuple[Any, Description]], values: Any, what: str, allocator: Allocator
) -> List:
    if len(values) != len(entries):
        raise InvalidArgumentError(f"expected a {what} with {len(entries)} values. got: {values!r}")
    packed = List()
    for key, description in entries:
        try:
            item = values[key]
        except (LookupError, TypeError) as error:
            raise InvalidArgumentError(f"could not get item {key!r} from: {values!r}: {error}") from error
        _pack(packed, description, item, allocator)
    return packed


def _pack_scalar(target: List, type_name: str, value: Any) -> None:
    bits = _INTEGER_BITS.get(type_name)
    if bits is None and type_name not in _FLOATS:
        raise InvalidArgumentError(f"Unrecognized reflection primitive type: {type_name}")
    try:
        number = float(value) if bits is None else int(value)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"expected {type_name}, got {value!r}") from error
    if bits is not None and not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise InvalidArgumentError(f"{value!r} does not fit {type_name}")
    target.append(number, type_name)


def _pack_array(target: List, value: Any, dtype: npt.DTypeLike | None, allocator: Allocator) -> None:
    if isinstance(value, DeviceArray):
        target.append(value._buffer_view.object)  # pyright: ignore[reportPrivateUsage]
        return
    if isinstance(value, HalBufferView):
        target.append(value.object)
        return
    try:
        array: npt.NDArray[Any] = np.asarray(value, dtype, order="C")
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(
            f"could not convert value to numpy array: dtype={dtype!r}, error='{error}', value={value!r}"
        ) from error
    element_type = map_dtype_to_hal_element_type(array.dtype)
    if element_type is None:
        raise InvalidArgumentError(f"could not map dtype {array.dtype!r} to element type")
    target.append(BufferView.from_numpy(array, allocator, element_type=int(element_type), copy=True))


def _pack_undescribed(target: List, value: Any, allocator: Allocator) -> None:
    packer = _PACKERS.get(value.__class__)
    if packer is not None:
        packer(target, value, allocator)
    elif isinstance(value, DeviceArray | HalBufferView) or hasattr(value, "__array__"):
        _pack_array(target, value, None, allocator)
    elif hasattr(value, "__iree_vm_ref__"):
        target.append(unwrap(value))
    else:
        raise InvalidArgumentError(f"could not convert python value to VM: {value!r}")


def _pack_int(target: List, value: int, _allocator: Allocator) -> None:
    _pack_scalar(target, "i64", value)


def _pack_float(target: List, value: float, _allocator: Allocator) -> None:
    target.append(value, "f64")


def _pack_sequence(target: List, values: Sequence[Any], allocator: Allocator) -> None:
    packed = List()
    for value in values:
        _pack_undescribed(packed, value, allocator)
    target.append(packed)


def _pack_dict(target: List, values: Mapping[Any, Any], allocator: Allocator) -> None:
    _pack_sequence(target, [values[key] for key in sorted(values)], allocator)


# Why by exact type: a bool is an int to Python, but no VM value.
_PACKERS: dict[type, Callable[[List, Any, Allocator], None]] = {
    int: _pack_int,
    float: _pack_float,
    list: _pack_sequence,
    tuple: _pack_sequence,
    dict: _pack_dict,
}
