"""`FunctionInvoker`: calls a function with Python values, guided by `iree.abi` reflection where there is any.

`iree.abi` is JSON with a description of each argument (`a`) and result (`r`): a scalar's type name, or a list
`["ndarray", type, dims...]`, `["slist", ...]`, `["stuple", ...]`, `["sdict", [key, ...]...]`,
`["named", name, ...]`.
Without it values go as they are: ints as i64, floats as f64, arrays as buffer views, containers as lists.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from gossamer.errors import InvalidArgumentError
from gossamer.hal.buffer_view import BufferView
from gossamer.runtime.binding.device_array import DeviceArray
from gossamer.runtime.binding.hal_device import HalDevice
from gossamer.runtime.binding.hal_objects import HalBufferView, dtype_to_element_type
from gossamer.runtime.binding.refs import VmRef, unwrap
from gossamer.runtime.binding.vm_objects import VmContext, VmFunction, VmVariantList
from gossamer.vm.list import List

Description: TypeAlias = Any
_SCALARS = ("i8", "i16", "i32", "i64", "f32", "f64")
_DTYPES = {
    "i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "f16": np.float16, "f32": np.float32, "f64": np.float64,
    "complex<f32>": np.complex64, "complex<f64>": np.complex128,
}  # fmt: skip


class ArgumentError(ValueError):
    """A Python value cannot be passed."""


class ReturnError(ValueError):
    """A result cannot be turned into a Python value."""


class FunctionInvoker:
    """A function of a context, called with Python values."""

    __slots__ = ("_arguments", "_device", "_results", "_vm_context", "_vm_function")

    def __init__(self, vm_context: VmContext, device: HalDevice, vm_function: VmFunction) -> None:
        self._vm_context = vm_context
        self._device = device
        self._vm_function = vm_function
        self._arguments: list[Description] | None = None
        self._results: list[Description] | None = None
        self._read_reflection(vm_function.reflection.get("iree.abi"))

    @property
    def vm_function(self) -> VmFunction:
        """The function beneath."""
        return self._vm_function

    def _read_reflection(self, text: str | None) -> None:
        if text is None:
            return
        try:
            described = json.loads(text)
        except json.JSONDecodeError as error:
            raise RuntimeError(f"Reflection metadata is not valid JSON: {text}") from error
        arguments, results = described.get("a"), described.get("r")
        if not isinstance(arguments, list) or not isinstance(results, list):
            raise RuntimeError(f"Malformed function reflection metadata structure: {text}")
        self._arguments, self._results = arguments, results

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function.

        Returns: None, one value, or a tuple.
        Raises: ValueError on arguments that do not fit; what the program raises.
        """
        inputs = VmVariantList(len(args))
        for description, value in self._place(args, kwargs):
            self._pack(inputs.object, description, value)
        outputs = VmVariantList(1)
        self._vm_context.invoke(self._vm_function, inputs, outputs)
        values = self._unpack_all(outputs.object, self._results)
        return None if not values else values[0] if len(values) == 1 else tuple(values)

    def _place(self, args: Sequence[Any], kwargs: dict[str, Any]) -> list[tuple[Description, Any]]:
        if self._arguments is None:
            if kwargs:
                raise ArgumentError("keyword arguments need 'iree.abi' reflection, which the function lacks")
            return [(None, value) for value in args]
        placed: list[tuple[Description, Any]] = []
        remaining = list(args)
        for description in self._arguments:
            name, inner = None, description
            if isinstance(description, list) and description[0] == "named":
                _, name, inner = cast("list[Any]", description)
            if name is not None and name in kwargs:
                placed.append((inner, kwargs.pop(name)))
            elif remaining:
                placed.append((inner, remaining.pop(0)))
            else:
                raise ArgumentError(
                    f"missing argument {name!r}" if name else "mismatched call arity: too few"
                )
        if remaining or kwargs:
            raise ArgumentError(f"mismatched call arity: unexpected {[*remaining, *kwargs]}")
        return placed

    def _pack(self, target: List, description: Description, value: Any) -> None:
        if description is None:
            self._pack_undescribed(target, value)
        elif isinstance(description, str):
            _pack_scalar(target, description, value)
        else:
            compound = cast("list[Any]", description)
            if compound[0] == "ndarray":
                self._pack_array(target, value, _DTYPES.get(compound[1]))
            elif compound[0] in ("slist", "stuple"):
                target.append(self._pack_sequence(compound[1:], value))
            elif compound[0] == "sdict":
                target.append(self._pack_dict(compound[1:], value))
            else:
                raise ArgumentError(f"Unrecognized reflection compound type: {compound[0]}")

    def _pack_sequence(self, descriptions: list[Description], value: Any) -> List:
        if len(value) != len(descriptions):
            raise ArgumentError(f"expected a sequence with {len(descriptions)} values. got: {value!r}")
        packed = List()
        for index, description in enumerate(descriptions):
            try:
                item = value[index]
            except (LookupError, TypeError) as error:
                raise ArgumentError(f"could not get item {index} from: {value!r}: {error}") from error
            self._pack(packed, description, item)
        return packed

    def _pack_dict(self, entries: list[tuple[str, Description]], value: Any) -> List:
        if len(value) != len(entries):
            raise ArgumentError(f"expected a dict with {len(entries)} values. got: {value!r}")
        packed = List()
        for key, description in entries:
            try:
                item = value[key]
            except (LookupError, TypeError) as error:
                raise ArgumentError(f"could not get item {key!r} from: {value!r}: {error}") from error
            self._pack(packed, description, item)
        return packed

    def _pack_undescribed(self, target: List, value: Any) -> None:
        if isinstance(value, bool) or value is None:
            raise ArgumentError(f"could not convert python value to VM: {value!r}")
        if isinstance(value, int):
            target.append(value, "i64")
        elif isinstance(value, float):
            target.append(value, "f64")
        elif isinstance(value, (list, tuple)):
            target.append(self._pack_items(list(cast("list[Any]", value))))
        elif isinstance(value, dict):
            items = cast("dict[Any, Any]", value)
            target.append(self._pack_items([items[key] for key in sorted(items)]))
        elif isinstance(value, (DeviceArray, HalBufferView)) or hasattr(value, "__array__"):
            self._pack_array(target, value, None)
        elif hasattr(value, "__iree_vm_ref__"):
            target.append(unwrap(value))
        else:
            raise ArgumentError(f"could not convert python value to VM: {value!r}")

    def _pack_items(self, values: list[Any]) -> List:
        packed = List()
        for value in values:
            self._pack_undescribed(packed, value)
        return packed

    def _pack_array(self, target: List, value: Any, dtype: type | None) -> None:
        if isinstance(value, DeviceArray):
            target.append(value._buffer_view.object)  # pyright: ignore[reportPrivateUsage]
            return
        if isinstance(value, HalBufferView):
            target.append(value.object)
            return
        try:
            array = np.asarray(value, dtype, order="C")
        except (TypeError, ValueError) as error:
            raise ArgumentError(
                f"could not convert value to numpy array: dtype={dtype!r}, error='{error}', value={value!r}"
            ) from error
        element_type = dtype_to_element_type(array.dtype)
        if element_type is None:
            raise ArgumentError(f"could not map dtype {array.dtype!r} to element type")
        allocator = self._device.device.allocator
        target.append(BufferView.from_numpy(array, allocator, element_type=int(element_type), copy=True))

    def _unpack_all(self, values: List, descriptions: list[Description] | None) -> list[Any]:
        if descriptions is None:
            return [self._unpack(values[index], None) for index in range(len(values))]
        first = descriptions[0] if len(descriptions) == 1 else None
        if isinstance(first, list) and cast("list[Any]", first)[0] in ("slist", "stuple", "sdict"):
            # Why: a function whose only result is a container returns its items.
            return [self._unpack(values, first)]
        if len(descriptions) != len(values):
            raise ReturnError(f"mismatched return arity: {len(values)} vs {len(descriptions)}")
        return [self._unpack(values[index], description) for index, description in enumerate(descriptions)]

    def _unpack(self, value: Any, description: Description) -> Any:
        if description is None:
            return self._unpack_undescribed(value)
        if isinstance(description, str):
            return _unpack_scalar(value, description)
        compound = cast("list[Any]", description)
        unpackers: dict[str, Callable[[], Any]] = {
            "ndarray": lambda: self._unpack_array(value, compound[1]),
            "slist": lambda: self._unpack_items(value, compound[1:]),
            "stuple": lambda: tuple(self._unpack_items(value, compound[1:])),
            "sdict": lambda: self._unpack_dict(value, compound[1:]),
            "py_homogeneous_list": lambda: self._unpack_items(value, compound[1:] * len(value)),
        }
        if compound[0] not in unpackers:
            raise ReturnError(f"cannot map VM type to Python: {compound[0]}")
        return unpackers[compound[0]]()

    def _unpack_items(self, values: List, descriptions: list[Description]) -> list[Any]:
        if len(values) != len(descriptions):
            raise ReturnError(f"mismatched return arity: {len(values)} vs {len(descriptions)}")
        return [self._unpack(values[index], description) for index, description in enumerate(descriptions)]

    def _unpack_dict(self, values: List, entries: list[tuple[str, Description]]) -> dict[str, Any]:
        items = self._unpack_items(values, [description for _, description in entries])
        return dict(zip((key for key, _ in entries), items, strict=True))

    def _unpack_array(self, value: Any, type_name: str) -> DeviceArray:
        if not isinstance(value, BufferView):
            raise ReturnError(f"expected a buffer view but got {type(value).__name__}")
        if type_name not in _DTYPES:
            raise ReturnError(f"unrecognized dtype '{type_name}'")
        return DeviceArray(
            self._device,
            HalBufferView.of(value),
            implicit_host_transfer=True,
            override_dtype=_DTYPES[type_name],
        )

    def _unpack_undescribed(self, value: Any) -> Any:
        if isinstance(value, BufferView):
            return DeviceArray(self._device, HalBufferView.of(value), implicit_host_transfer=True)
        return value if value is None or isinstance(value, (int, float)) else VmRef(value)

    def __repr__(self) -> str:
        return repr(self._vm_function)


def _pack_scalar(target: List, type_name: str, value: Any) -> None:
    if type_name not in _SCALARS:
        raise ArgumentError(f"Unrecognized reflection primitive type: {type_name}")
    try:
        number = float(value) if type_name.startswith("f") else int(value)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"expected {type_name}, got {value!r}") from error
    target.append(number, type_name)


def _unpack_scalar(value: Any, type_name: str) -> Any:
    expected = float if type_name.startswith(("f", "bf")) else int
    if not isinstance(value, expected):
        raise ReturnError(f"expected an {expected} value but got {type(value)}")
    return value
