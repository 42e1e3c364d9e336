"""Functions of the host about refs: tensors, buffers and lists."""

from __future__ import annotations

import ctypes
import struct
from math import prod
from typing import TypeVar

from gossamer.abi import element_type as element_types
from gossamer.abi.memory_flags import WHOLE_BUFFER, MemoryAccess
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer import Buffer as DeviceBuffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.c import handles
from gossamer.modules.c.abi import (
    MAX_RANK,
    MEMORY,
    SLOT_BYTES,
    SLOT_FORMATS,
    VARIANT_TYPE,
    write_bytes,
    write_slot,
    write_tensor,
)
from gossamer.modules.c.host_function import CODE, NUMBER, POINTER, SIZE, fallible, infallible
from gossamer.modules.native import wrong_ref
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import EMPTY, REF, List

_R = TypeVar("_R")

_KIND_BUFFER, _KIND_BYTES, _KIND_OTHER = 2, 3, 6
_KINDS: dict[type, int] = {BufferView: 1, DeviceBuffer: _KIND_BUFFER, Buffer: _KIND_BYTES, List: 4, Fence: 5}
_NAMES: dict[type, str] = {
    BufferView: "!hal.buffer_view",
    DeviceBuffer: "!hal.buffer",
    List: "!vm.list",
    Fence: "!hal.fence",
}
_VARIANT_OF_TYPE = {"i8": "i", "i16": "i", "i32": "i", "i64": "I", "f32": "f", "f64": "F", REF: "r"}
_TYPE_OF_VARIANT = {"i": "i32", "I": "i64", "f": "f32", "F": "f64"}

_WRITE = int(MemoryAccess.WRITE)

_allocator = HeapAllocator()


def ref_of(handle: int | None, expected: type[_R]) -> _R:
    """Object of a handle, checked.

    Raises: InvalidArgumentError when it is null or something else.
    """
    found = handles.get(handle)
    if not isinstance(found, expected):
        raise wrong_ref(found, _NAMES[expected])
    return found


@infallible(POINTER, POINTER)
def retain(handle: int | None) -> int | None:
    """Hold a ref once more."""
    if handle:
        handles.retain(handle)
    return handle


@infallible(None, POINTER)
def release(handle: int | None) -> None:
    """Hold a ref once less."""
    if handle:
        handles.release(handle)


@infallible(NUMBER, POINTER)
def kind(handle: int | None) -> int:
    """What a ref names."""
    found = handles.get(handle)
    return 0 if found is None else _KINDS.get(type(found), _KIND_OTHER)


@fallible(POINTER, POINTER)
def buffer_view_read(handle: int | None, out: int) -> None:
    """Describe a tensor."""
    view = ref_of(handle, BufferView)
    if len(view.shape) > MAX_RANK:
        raise InvalidArgumentError(f"tensor of rank {len(view.shape)}: modules in C see {MAX_RANK} at most")
    if view.encoding_type != element_types.ENCODING_DENSE_ROW_MAJOR:
        raise InvalidArgumentError(f"tensor has encoding {view.encoding_type}, not dense rows")
    buffer = view.buffer
    address, length = buffer.range(0, view.byte_length)
    write_tensor(out, address, length, _is_writable(buffer), view.element_type, view.shape)


def _is_writable(buffer: DeviceBuffer) -> bool:
    return buffer.allowed_access & _WRITE != 0


def _read_shape(rank: int, address: int | None) -> list[int]:
    if rank > MAX_RANK:
        raise InvalidArgumentError(f"rank {rank} passes the limit {MAX_RANK}")
    if not rank:
        return []
    if not address:
        raise InvalidArgumentError(f"shape is null, but the rank is {rank}")
    shape: list[int] = (ctypes.c_int64 * rank).from_address(address)[:]
    if min(shape) < 0:
        raise InvalidArgumentError(f"shape {shape} has a negative size")
    return shape


def _checked_type(element_type: int) -> int:
    if not element_types.bit_count(element_type):
        raise InvalidArgumentError(f"{element_type:#x} is no element type: it has 0 bits")
    return element_type


@fallible(CODE, SIZE, POINTER, POINTER)
def buffer_view_allocate(element_type: int, rank: int, shape_address: int | None, out: int) -> None:
    """Make a tensor in new memory."""
    shape = _read_shape(rank, shape_address)
    length = element_types.byte_length(_checked_type(element_type), prod(shape))
    buffer = _allocator.allocate_buffer(length)
    write_slot(out, handles.hold(BufferView(buffer, shape, element_type)))


@fallible(POINTER, CODE, SIZE, POINTER, POINTER)
def buffer_view_create(
    handle: int | None, element_type: int, rank: int, shape_address: int | None, out: int
) -> None:
    """Make a tensor over a buffer."""
    buffer = ref_of(handle, DeviceBuffer)
    view = BufferView(buffer, _read_shape(rank, shape_address), _checked_type(element_type))
    buffer.range(0, view.byte_length)
    write_slot(out, handles.hold(view))


@fallible(POINTER, POINTER)
def buffer_view_buffer(handle: int | None, out: int) -> None:
    """The buffer beneath a tensor."""
    write_slot(out, handles.hold(ref_of(handle, BufferView).buffer))


@fallible(POINTER, POINTER)
def buffer_read(handle: int | None, out: int) -> None:
    """Describe memory of a buffer of either kind."""
    buffer = handles.get(handle)
    if isinstance(buffer, Buffer):
        write_bytes(out, MEMORY.pack(buffer.address, buffer.length, buffer.is_mutable))
    else:
        memory = ref_of(handle, DeviceBuffer)
        address, length = memory.range(0, WHOLE_BUFFER)
        write_bytes(out, MEMORY.pack(address, length, _is_writable(memory)))


@fallible(NUMBER, SIZE, POINTER)
def buffer_allocate(buffer_kind: int, length: int, out: int) -> None:
    """Make a buffer."""
    if buffer_kind == _KIND_BYTES:
        write_slot(out, handles.hold(Buffer.allocate(length)))
    elif buffer_kind == _KIND_BUFFER:
        write_slot(out, handles.hold(_allocator.allocate_buffer(length)))
    else:
        raise InvalidArgumentError(f"kind {buffer_kind} is no kind of buffer")


@fallible(ctypes.c_char_p, SIZE, POINTER)
def list_create(element_type: bytes | None, size: int, out: int) -> None:
    """Make a list."""
    made = List((element_type or b"").decode(errors="replace"))
    made.resize(size)
    write_slot(out, handles.hold(made))


@fallible(POINTER, POINTER)
def list_size(handle: int | None, out: int) -> None:
    """Number of elements."""
    write_slot(out, len(ref_of(handle, List)))


@fallible(POINTER, SIZE)
def list_resize(handle: int | None, size: int) -> None:
    """Truncate or grow."""
    ref_of(handle, List).resize(size)


@fallible(POINTER, SIZE, POINTER)
def list_get(handle: int | None, index: int, out: int) -> None:
    """Read an element."""
    found = ref_of(handle, List)
    element_kind = found.kind(index)
    if element_kind == EMPTY:
        write_bytes(out, VARIANT_TYPE.pack(0) + bytes(SLOT_BYTES))
        return
    variant = _VARIANT_OF_TYPE[element_kind]
    value = handles.hold(found.get_ref(index)) if variant == "r" else found[index]
    write_bytes(out, VARIANT_TYPE.pack(ord(variant)) + struct.pack("<" + SLOT_FORMATS[variant], value))


@fallible(POINTER, SIZE, POINTER)
def list_set(handle: int | None, index: int, element: int) -> None:
    """Store an element."""
    target = ref_of(handle, List)
    data = ctypes.string_at(element, VARIANT_TYPE.size + SLOT_BYTES)
    (code,) = VARIANT_TYPE.unpack_from(data)
    variant = chr(code) if 0 < code < 128 else ""
    if variant not in (*_TYPE_OF_VARIANT, "r"):
        raise InvalidArgumentError(f"variant has type {code}, expected one of 'i', 'I', 'f', 'F', 'r'")
    (value,) = struct.unpack_from("<" + SLOT_FORMATS[variant], data, VARIANT_TYPE.size)
    if variant == "r":
        target.set_ref(index, handles.get(value))
    else:
        target.set_value(index, value, _TYPE_OF_VARIANT[variant])
