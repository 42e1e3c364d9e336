"""`FunctionInvoker`: calls a function with Python values, guided by `iree.abi` reflection where there is any.

`iree.abi` is JSON with a description of each argument (`a`) and result (`r`); see `argument_packing`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from gossamer.abi.memory_flags import BufferUsage, MemoryType
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.runtime.iree_api.argument_packing import ArgumentPacker, Description
from gossamer.runtime.iree_api.dtypes import map_abi_type_to_dtype_info
from gossamer.runtime.iree_api.hal.buffers import HalBufferView
from gossamer.runtime.iree_api.hal.device import HalDevice
from gossamer.runtime.iree_api.hal.device_array import DeviceArray
from gossamer.runtime.iree_api.refs import VmRef
from gossamer.runtime.iree_api.vm.context import BoundFunction, VmContext
from gossamer.runtime.iree_api.vm.module import VmFunction
from gossamer.runtime.iree_api.vm.values import VmVariantList
from gossamer.vm.objects.list import List

IMPLICIT_BUFFER_ARG_MEMORY_TYPE = MemoryType.DEVICE_LOCAL
IMPLICIT_BUFFER_ARG_USAGE = BufferUsage.DEFAULT
_INLINED_RESULTS = ("slist", "stuple", "sdict")


class ReturnError(ValueError):
    """A result cannot be turned into a Python value."""


class FunctionInvoker:
    """A function of a context, called with Python values."""

    __slots__ = ("_bound", "_device", "_packer", "_results", "_vm_context", "_vm_function")

    def __init__(self, vm_context: VmContext, device: HalDevice, vm_function: VmFunction) -> None:
        """Read how the function is called.

        Raises: RuntimeError when its reflection is malformed.
        """
        self._vm_context = vm_context
        self._device = device
        self._vm_function = vm_function
        arguments, self._results = _read_reflection(vm_function.reflection.get("iree.abi"))
        self._packer = ArgumentPacker(arguments)
        self._bound: BoundFunction | None = None

    @property
    def vm_function(self) -> VmFunction:
        """The function beneath."""
        return self._vm_function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function.

        Returns: None, one value, or a tuple.
        Raises: ValueError on arguments that do not fit; what the program raises.
        """
        # Why the class: a context of another one may have an `invoke` of its own.
        if self._results is None and not kwargs and type(self._vm_context) is VmContext:
            bound = self._bound
            if bound is None:
                bound = self._bound = BoundFunction(self._vm_context.context, self._vm_function)
            if bound.convention.arguments == ("r",) * len(args):
                views = self._packer.pack_arrays(self._device.device.allocator, args)
                if views is not None:
                    return self._unpack_returned(bound(views))
        inputs = VmVariantList.of(self._packer.pack(self._device.device.allocator, args, kwargs))
        outputs = VmVariantList(1)
        self._vm_context.invoke(self._vm_function, inputs, outputs)
        values = self._unpack_all(outputs.object)
        return None if not values else values[0] if len(values) == 1 else tuple(values)

    def _unpack_returned(self, returned: object) -> Any:
        """Results without descriptions, as the function returns them."""
        if isinstance(returned, tuple):
            return tuple(map(self._unpack_undescribed, cast("tuple[object, ...]", returned)))
        return self._unpack_undescribed(returned)

    def _unpack_all(self, values: List) -> list[Any]:
        descriptions = self._results
        if descriptions is None:
            return [self._unpack_undescribed(value) for value in values]
        if len(descriptions) == 1 and isinstance(descriptions[0], list):
            only = cast("list[Any]", descriptions[0])
            if only[0] in _INLINED_RESULTS:
                # Why: the items of a container that is the only result are the function's results.
                return [self._unpack(values, only)]
        return self._unpack_items(values, descriptions)

    def _unpack(self, value: Any, description: Description) -> Any:
        if description is None:
            return self._unpack_undescribed(value)
        if isinstance(description, str):
            return _unpack_scalar(value, description)
        kind, *rest = cast("list[Any]", description)
        if kind == "ndarray":
            return self._unpack_array(value, rest[0])
        if not isinstance(value, List):
            raise ReturnError(f"expected a list but got {VmRef(value)!r}")
        if kind == "slist":
            return self._unpack_items(value, rest)
        if kind == "stuple":
            return tuple(self._unpack_items(value, rest))
        if kind == "sdict":
            items = self._unpack_items(value, [inner for _, inner in rest])
            return dict(zip((key for key, _ in rest), items, strict=True))
        if kind == "py_homogeneous_list":
            return self._unpack_items(value, rest * len(value))
        raise ReturnError(f"cannot map VM type to Python: {kind}")

    def _unpack_items(self, values: List, descriptions: Sequence[Description]) -> list[Any]:
        if len(values) != len(descriptions):
            raise ReturnError(f"mismatched return arity: {len(values)} vs {len(descriptions)}")
        return [
            self._unpack(value, description) for value, description in zip(values, descriptions, strict=True)
        ]

    def _unpack_array(self, value: Any, abi_type: str) -> DeviceArray:
        if not isinstance(value, BufferView):
            raise ReturnError(f"expected a buffer view but got {type(value).__name__}")
        try:
            dtype = map_abi_type_to_dtype_info(abi_type).dtype
        except KeyError:
            raise ReturnError(f"unrecognized dtype '{abi_type}'") from None
        return DeviceArray(
            self._device, HalBufferView.of(value), implicit_host_transfer=True, override_dtype=dtype
        )

    def _unpack_undescribed(self, value: Any) -> Any:
        if isinstance(value, BufferView):
            return DeviceArray(self._device, HalBufferView.of(value), implicit_host_transfer=True)
        return value if value is None or isinstance(value, int | float) else VmRef(value)

    def __repr__(self) -> str:
        return repr(self._vm_function)


def _read_reflection(text: str | None) -> tuple[list[Description] | None, list[Description] | None]:
    if text is None:
        return None, None
    try:
        described = json.loads(text)
    except json.JSONDecodeError as error:
        raise RuntimeError(f"Reflection metadata is not valid JSON: {text}") from error
    if not isinstance(described, dict):
        raise RuntimeError(f"Malformed function reflection metadata: {text}")
    entries = cast("dict[str, Any]", described)
    arguments, results = entries.get("a"), entries.get("r")
    if not isinstance(arguments, list) or not isinstance(results, list):
        raise RuntimeError(f"Malformed function reflection metadata structure: {text}")
    return cast("list[Description]", arguments), cast("list[Description]", results)


def _unpack_scalar(value: Any, type_name: str) -> Any:
    expected = float if type_name.startswith(("f", "bf")) else int
    if not isinstance(value, expected):
        raise ReturnError(f"expected an {expected} value but got {type(value)}")
    return value
