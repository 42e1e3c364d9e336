"""Instances, modules, functions, contexts, lists and buffers under the names of IREE's binding."""

from __future__ import annotations

import itertools
import mmap
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar, overload

import numpy as np

from gossamer.errors import InvalidArgumentError, NotFoundError, StatusError
from gossamer.hal.buffer import Buffer as HalBufferObject
from gossamer.hal.buffer_view import BufferView
from gossamer.hal.fence import Fence
from gossamer.isa.calling_convention import parse_calling_convention
from gossamer.runtime.binding.hal_types import Linkage
from gossamer.runtime.binding.refs import RefObject, VmRef, unwrap
from gossamer.vm.buffer import Buffer
from gossamer.vm.bytecode_module import load_bytecode_module
from gossamer.vm.context import Context
from gossamer.vm.list import List
from gossamer.vm.module import Export, Module
from gossamer.vm.values import to_value

_T = TypeVar("_T")
_ALIGNMENT_BYTES = 64
_VALUE_TYPES = {"i": "i32", "I": "i64", "f": "f32", "F": "f64"}
_context_ids = itertools.count(1)


class VmInstance:
    """What contexts of one host share; nothing here."""


class VmBuffer(RefObject):
    """A range of host bytes; has the buffer protocol through `memoryview(buffer)`."""

    __slots__ = ()
    _object_type = Buffer
    object: Buffer

    def __init__(self, length: int, alignment: int = 0, mutable: bool = True) -> None:
        buffer = Buffer.allocate(length, alignment)
        self.object = buffer if mutable else Buffer.wrap(buffer.data, is_mutable=False)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return np.frombuffer(self.object.data, np.uint8).__array_interface__

    def __buffer__(self, flags: int) -> memoryview:
        return self.object.data

    def __len__(self) -> int:
        return self.object.length

    def __repr__(self) -> str:
        return f"<VmBuffer size {self.object.length}>"


class VmVariantList(RefObject):
    """A list of values of any type: arguments and results of `VmContext.invoke`."""

    __slots__ = ()
    _object_type = List
    object: List

    def __init__(self, capacity: int) -> None:
        del capacity
        self.object = List()

    @property
    def size(self) -> int:
        """Number of elements."""
        return len(self.object)

    def __len__(self) -> int:
        return len(self.object)

    def push_int(self, value: int) -> None:
        """Append an i64."""
        self.object.append(value, "i64")

    def push_float(self, value: float) -> None:
        """Append an f64."""
        self.object.append(value, "f64")

    def push_list(self, value: VmVariantList) -> None:
        """Append a ref to a list."""
        self.object.append(value.object)

    def push_ref(self, ref: Any) -> None:
        """Append a ref: a `VmRef` or anything that refers to a VM object."""
        self.object.append(unwrap(ref))

    def get_variant(self, index: int) -> Any:
        """Element as a number, a `VmRef`, or None."""
        value = self.object[index]
        return value if value is None or isinstance(value, (int, float)) else VmRef(value)

    def get_as_ref(self, index: int) -> VmRef:
        """Element as a ref. Raises: IndexError; an error where it is a number."""
        return VmRef(self.object.get_ref(index))

    def get_as_list(self, index: int) -> VmVariantList:
        """Element as a list."""
        return self.get_as_object(index, VmVariantList)

    @overload
    def get_as_object(self, index: int) -> object: ...
    @overload
    def get_as_object(self, index: int, clazz: type[_T]) -> _T: ...
    def get_as_object(self, index: int, clazz: type[Any] | None = None) -> Any:
        """Element as an object of a class of this API."""
        ref = self.get_as_ref(index)
        return ref if clazz is None else ref.deref(clazz)

    def get_serialized_trace_value(self, index: int) -> dict[str, Any]:
        """Element as plain data: type and value, or type and contents."""
        kind, value = self.object.kind(index), self.object[index]
        if isinstance(value, (int, float)):
            return {"type": kind, kind: value}
        if value is None:
            return {"type": "null"}
        if isinstance(value, List):
            items = VmVariantList.of(value)
            return {
                "type": "vm.list",
                "items": [items.get_serialized_trace_value(i) for i in range(len(items))],
            }
        if isinstance(value, BufferView):
            return {"type": "hal.buffer_view", "hal.buffer_view": value.type_name}
        return {"type": type(value).__name__}

    def __repr__(self) -> str:
        return f"<VmVariantList({len(self)}): [{_contents(self.object, {id(self.object)})}]>"


def _contents(values: List, visited: set[int]) -> str:
    return ", ".join(_element_text(values[index], visited) for index in range(len(values)))


def _element_text(value: object, visited: set[int]) -> str:
    if value is None:
        return "None"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:f}"
    if isinstance(value, BufferView):
        # The reference prints the code's bytes in memory order.
        code = value.element_type.to_bytes(4, "little").hex()
        return f"HalBufferView({'x'.join(map(str, value.shape))}:0x{code})"
    if isinstance(value, HalBufferObject):
        return f"HalBuffer({value.byte_length})"
    if isinstance(value, Fence):
        return f"fence({len(value.timepoints)})"
    if isinstance(value, List):
        if id(value) in visited:
            return "List[...circular...]"
        return f"List[{_contents(value, visited | {id(value)})}]"
    return f"Unknown({type(value).__name__})"


class VmFunction:
    """An exported function of a module, not bound to any context."""

    def __init__(self, module: Module, export: Export, ordinal: int) -> None:
        self._export = export
        self.module_name: str = module.name
        self.ordinal: int = ordinal
        self.linkage: int = int(Linkage.EXPORT)

    @property
    def name(self) -> str:
        """Local name."""
        return self._export.name

    @property
    def calling_convention(self) -> str:
        """Calling convention string."""
        return self._export.calling_convention

    @property
    def reflection(self) -> dict[str, str]:
        """Attributes that its compiler recorded."""
        return dict(self._export.attrs)

    def __repr__(self) -> str:
        return f"<VmFunction {self.name}({self.calling_convention}), reflection = {self.reflection}>"


class VmModule:
    """A loaded module, without state."""

    def __init__(self, module: Module, *, flatbuffer: object = None, owner: object = None) -> None:
        self.module = module
        self._flatbuffer = flatbuffer
        self._owner = owner

    @classmethod
    def copy_buffer(cls, instance: VmInstance, buffer: Any) -> Self:
        """Load a module from a copy of bytes."""
        del instance
        data = bytes(buffer)
        return cls(load_bytecode_module(data), flatbuffer=data)

    @classmethod
    def wrap_buffer(
        cls,
        instance: VmInstance,
        buffer: Any,
        destroy_callback: Callable[[], Any] | None = None,
        close_buffer: bool = False,
    ) -> Self:
        """Load a module from bytes without a copy.

        Args:
            destroy_callback: called when nothing refers to the module any more.
            close_buffer: call `buffer.close()` then.
        Raises: ValueError when the bytes are not aligned.
        """
        del instance
        view = memoryview(buffer)
        if not _is_aligned(view):
            raise InvalidArgumentError(
                "VmModule.from_buffer received an unaligned buffer: data must be 64-byte aligned"
            )
        module = cls(load_bytecode_module(view), flatbuffer=buffer)
        _on_destroy(module.module, destroy_callback, buffer if close_buffer else None)
        return module

    @classmethod
    def from_buffer(cls, instance: VmInstance, buffer: Any, warn_if_copy: bool = True) -> Self:
        """Load a module from bytes, copied only where they are not aligned."""
        if _is_aligned(memoryview(buffer)):
            return cls.wrap_buffer(instance, buffer)
        if warn_if_copy:
            warnings.warn(
                "Making copy of unaligned VmModule buffer. It is recommended to make this deterministic by "
                "calling `copy_buffer` to always make a copy or `mmap` to efficiently load from a file. "
                "This warning can be silenced by adding `warn_if_copy=False` which may also perform better.",
                UserWarning,
                stacklevel=2,
            )
        return cls.copy_buffer(instance, buffer)

    @classmethod
    def from_flatbuffer(cls, instance: VmInstance, buffer: Any, warn_if_copy: bool = True) -> Self:
        """As `from_buffer`, without its warning."""
        del warn_if_copy
        return cls.from_buffer(instance, buffer, warn_if_copy=False)

    @classmethod
    def mmap(
        cls, instance: VmInstance, filepath: str, destroy_callback: Callable[[], Any] | None = None
    ) -> Self:
        """Load a module from a file mapped into memory."""
        del instance
        with open(filepath, "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        module = cls(load_bytecode_module(memoryview(mapped)), flatbuffer=mapped)
        _on_destroy(module.module, destroy_callback, None)
        return module

    @classmethod
    def resolve_module_dependency(cls, instance: VmInstance, name: str, minimum_version: int) -> Self:
        """Modules in shared libraries are not found by name here. Raises: ValueError."""
        del instance
        raise NotFoundError(f"no module library '{name}' of version {minimum_version} or later")

    @property
    def name(self) -> str:
        """The module's name."""
        return self.module.name

    @property
    def version(self) -> int:
        """The module's version."""
        return self.module.version

    @property
    def function_names(self) -> list[str]:
        """Names of the exported functions."""
        return list(self.module.exports)

    @property
    def stashed_flatbuffer_blob(self) -> object:
        """The bytes it was loaded from, or None."""
        return self._flatbuffer

    def lookup_function(self, name: str, linkage: Linkage = Linkage.EXPORT) -> VmFunction | None:
        """An exported function, or None."""
        export = self.module.exports.get(name) if linkage == Linkage.EXPORT else None
        if export is None:
            return None
        return VmFunction(self.module, export, list(self.module.exports).index(name))

    def __repr__(self) -> str:
        functions = ", ".join(map(repr, self.module.exports))
        return f"<VmModule {self.module.name} : [{functions}]>"


def _is_aligned(view: memoryview) -> bool:
    address: int = np.frombuffer(view, np.uint8).__array_interface__["data"][0] if view.nbytes else 0
    # Why 16: what Python allocates is no better aligned, and the loader copies executables where it must.
    return address % 16 == 0


def _on_destroy(module: Module, callback: Callable[[], Any] | None, buffer: Any) -> None:
    def destroy() -> None:
        if buffer is not None:
            buffer.close()
        if callback is not None:
            callback()

    if callback is not None or buffer is not None:
        weakref.finalize(module, destroy)


class VmContext:
    """Modules linked together, with their state."""

    def __init__(self, instance: VmInstance, modules: Sequence[VmModule] | None = None) -> None:
        self._instance = instance
        self._modules: list[VmModule] = []
        self.context = Context()
        self._context_id = next(_context_ids)
        self.register_modules(modules or ())

    @property
    def context_id(self) -> int:
        """A number of its own."""
        return self._context_id

    def register_modules(self, modules: Sequence[VmModule]) -> None:
        """Load modules in order."""
        self.context.register_all([module.module for module in modules])
        self._modules.extend(modules)

    def invoke(self, function: VmFunction, inputs: VmVariantList, outputs: VmVariantList) -> None:
        """Call a function; results are appended to `outputs`.

        Raises: ValueError when the number of inputs is wrong; what the program raises.
        """
        convention = parse_calling_convention(function.calling_convention)
        if len(inputs) != len(convention.arguments):
            raise InvalidArgumentError(
                f"Error invoking function: input list and function mismatch; expected "
                f"{len(convention.arguments)} arguments but passed {len(inputs)}"
            )
        arguments = [_argument(inputs.object, index, kind) for index, kind in enumerate(convention.arguments)]
        bound = self.context.lookup(f"{function.module_name}.{function.name}")
        try:
            returned = bound.callable(*arguments)
        except StatusError as error:
            raise error.annotate(
                f"while invoking {function.module_name}.{function.name}"
            ) from error.__cause__
        kinds = convention.results
        results: tuple[Any, ...] = (returned,) if len(kinds) == 1 else tuple(returned or ())  # type: ignore[arg-type]
        for kind, value in zip(kinds, results, strict=True):
            outputs.object.append(value, _VALUE_TYPES.get(kind, ""))

    def __repr__(self) -> str:
        return f"<VmContext {self._context_id}: {self.context!r}>"


def _argument(values: List, index: int, kind: object) -> object:
    if isinstance(kind, str) and kind in _VALUE_TYPES:
        return to_value(values.get_value(index, _VALUE_TYPES[kind]), _VALUE_TYPES[kind])
    return values.get_ref(index)
