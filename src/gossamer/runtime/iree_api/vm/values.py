"""Buffers and lists of the VM under the names of IREE's binding."""

from __future__ import annotations

from typing import Any, Self, TypeVar, overload

from gossamer.abi.element_type import element_type_name
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer import Buffer as HalBufferObject
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.timeline.fence import Fence
from gossamer.runtime.iree_api.host_bytes import HostBytes
from gossamer.runtime.iree_api.refs import RefObject, RefProtocol, VmRef, unwrap
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List

_T = TypeVar("_T")


class VmBuffer(RefProtocol, HostBytes):
    """A range of host bytes, with the buffer protocol: `memoryview(buffer)`."""

    _object_type = Buffer
    object: Buffer

    def __new__(cls, length: int, alignment: int = 0, mutable: bool = True) -> Self:
        """Allocate zeros.

        Raises: ValueError when the alignment is no power of two.
        """
        buffer = Buffer.allocate(length, alignment)
        return cls.of(buffer if mutable else Buffer.wrap(buffer.data, is_mutable=False))

    @classmethod
    def of(cls, object: Buffer) -> Self:
        """Wrap a buffer of the VM."""
        wrapped = cls.over(object.data)
        wrapped.object = object
        return wrapped

    # Why: defining __eq__ in one base alone does not settle which __hash__ is inherited.
    __eq__ = RefProtocol.__eq__
    __hash__ = RefProtocol.__hash__


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
        """Append an i64. Raises: TypeError when it has more bits."""
        if not -(1 << 63) <= value < 1 << 63:
            raise TypeError(f"{value} does not fit a signed integer of 64 bits")
        self.object.append(int(value), "i64")

    def push_float(self, value: float) -> None:
        """Append an f64."""
        self.object.append(float(value), "f64")

    def push_list(self, value: VmVariantList) -> None:
        """Append a ref to a list."""
        self.object.append(value.object)

    def push_ref(self, ref: Any) -> None:
        """Append a ref: a `VmRef` or anything that refers to a VM object."""
        self.object.append(unwrap(ref))

    def get_variant(self, index: int) -> Any:
        """Element as a number, a `VmRef`, or None. Raises: IndexError."""
        value = self.object[index]
        return value if value is None or isinstance(value, (int, float)) else VmRef(value)

    def get_as_ref(self, index: int) -> VmRef:
        """Element as a ref. Raises: IndexError; ValueError where it is a number."""
        value = self.object[index]
        if isinstance(value, (int, float)):
            raise InvalidArgumentError("list element is not a ref")
        return VmRef(value)

    def get_as_list(self, index: int) -> VmVariantList:
        """Element as a list. Raises: IndexError; ValueError or TypeError where it is something else."""
        return self.get_as_object(index, VmVariantList)

    @overload
    def get_as_object(self, index: int) -> object: ...
    @overload
    def get_as_object(self, index: int, clazz: type[_T]) -> _T: ...
    def get_as_object(self, index: int, clazz: type[Any] | None = None) -> Any:
        """Element as an object of a class of this API. Raises: as `get_as_ref` and `VmRef.deref`."""
        ref = self.get_as_ref(index)
        return ref if clazz is None else ref.deref(clazz)

    def get_serialized_trace_value(self, index: int) -> dict[str, Any]:
        """Element as plain data, with its type under `type`.

        Raises: IndexError; ValueError for refs other than lists and buffer views.
        """
        kind, value = self.object.kind(index), self.object[index]
        if isinstance(value, (int, float)):
            return {kind: value, "type": "value"}
        if value is None:
            return {"type": "null"}
        if isinstance(value, List):
            items = VmVariantList.of(value)
            return {
                "type": "vm.list",
                "items": [items.get_serialized_trace_value(i) for i in range(len(items))],
            }
        if isinstance(value, BufferView):
            return {
                "type": "hal.buffer_view",
                "shape": list(value.shape),
                "element_type": element_type_name(value.element_type),
                "contents": value.buffer.map().tobytes(),
            }
        raise InvalidArgumentError(f"{VmRef(value)} has no plain data")

    def __repr__(self) -> str:
        return f"<VmVariantList({len(self)}): [{_contents(self.object, {id(self.object)})}]>"


def _contents(values: List, visited: set[int]) -> str:
    return ", ".join(_element_text(value, visited) for value in values)


def _element_text(value: object, visited: set[int]) -> str:
    if value is None:
        return "None"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:f}"
    if isinstance(value, BufferView):
        shape = "x".join(map(str, value.shape))
        return f"HalBufferView({shape}:0x{memory_order_hex(value.element_type)})"
    if isinstance(value, HalBufferObject):
        return f"HalBuffer({value.byte_length})"
    if isinstance(value, Fence):
        return f"fence({len(value.timepoints)})"
    if isinstance(value, List):
        if id(value) in visited:
            return "List[...circular...]"
        return f"List[{_contents(value, visited | {id(value)})}]"
    return f"Unknown({type(value).__name__})"


def memory_order_hex(code: int) -> str:
    """Hexadecimal digits of a 32-bit code, lowest byte first, as the reference prints element types."""
    return code.to_bytes(4, "little").hex()
