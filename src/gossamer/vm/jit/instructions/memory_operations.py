"""LLVM instructions of operations on buffers and on the list of bindings.

Every access is checked unless the loop around it was (`unchecked`); a failed check returns the status.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from gossamer.errors import StatusCode
from gossamer.vm.jit.instructions.ref_value import (
    MUTABLE_BIT,
    MUTABLE_STATE,
    BufferNames,
    ListNames,
    Names,
    byte_shift,
)
from gossamer.vm.jit.instructions.text import FunctionText


class Emission(Protocol):
    """What emitting one operation needs of the function it is in."""

    text: FunctionText
    is_unchecked: bool
    metadata: str

    def require(self, condition: str, code: StatusCode) -> None:
        """Go on where the i1 is true; return the status otherwise."""
        ...

    def stack_slot(self, type_: str, alignment: int) -> str:
        """Memory of the whole call, reserved on entry."""
        ...

    def stack_buffer(self, length: int) -> str | None:
        """Memory of the whole call for a buffer; None where the stack has no room for it."""
        ...

    def free_on_return(self, slot: str) -> None:
        """Free what the pointer in a slot points to when the function returns."""
        ...


MemoryEmitter: TypeAlias = Callable[[Emission, Sequence[Names]], Names | None]


def _buffer(names: Names) -> BufferNames:
    assert isinstance(names, BufferNames)
    return names


def _number(names: Names) -> str:
    assert isinstance(names, str)
    return names


def _require_present(emission: Emission, buffer: BufferNames) -> None:
    present = emission.text.value(f"icmp ne i32 {buffer.state}, 0")
    emission.require(present, StatusCode.INVALID_ARGUMENT)


def _require_mutable(emission: Emission, buffer: BufferNames) -> None:
    _require_present(emission, buffer)
    bit = emission.text.value(f"and i32 {buffer.state}, {MUTABLE_BIT}")
    emission.require(emission.text.value(f"icmp ne i32 {bit}, 0"), StatusCode.PERMISSION_DENIED)


def _require_range(emission: Emission, buffer: BufferNames, offset: str, count: str, size: int) -> None:
    """Elements `[offset, offset + count)` must lie in the buffer; nothing overflows on the way."""
    text = emission.text
    total = text.value(f"lshr i64 {buffer.length}, {byte_shift(size)}")
    has_offset = text.value(f"icmp ule i64 {offset}, {total}")
    room = text.value(f"sub i64 {total}, {offset}")
    has_count = text.value(f"icmp ule i64 {count}, {room}")
    emission.require(text.value(f"and i1 {has_offset}, {has_count}"), StatusCode.OUT_OF_RANGE)


def _element_address(emission: Emission, buffer: BufferNames, offset: str, size: int) -> str:
    if not emission.is_unchecked:
        total = emission.text.value(f"lshr i64 {buffer.length}, {byte_shift(size)}")
        inside = emission.text.value(f"icmp ult i64 {offset}, {total}")
        emission.require(inside, StatusCode.OUT_OF_RANGE)
    # Safety: the offset is below the count of elements, here or where the loop was entered.
    return emission.text.value(f"getelementptr inbounds i{8 * size}, ptr {buffer.pointer}, i64 {offset}")


def _load(memory_type: str, size: int, widen: str = "") -> MemoryEmitter:
    def emit(emission: Emission, operands: Sequence[Names]) -> Names:
        buffer = _buffer(operands[0])
        if not emission.is_unchecked:
            _require_present(emission, buffer)
        address = _element_address(emission, buffer, _number(operands[1]), size)
        loaded = emission.text.value(f"load {memory_type}, ptr {address}, align 1{emission.metadata}")
        return emission.text.value(f"{widen} {memory_type} {loaded} to i32") if widen else loaded

    return emit


def _store(memory_type: str, size: int, narrow: str = "") -> MemoryEmitter:
    def emit(emission: Emission, operands: Sequence[Names]) -> None:
        buffer, value = _buffer(operands[0]), _number(operands[2])
        if not emission.is_unchecked:
            _require_mutable(emission, buffer)
        address = _element_address(emission, buffer, _number(operands[1]), size)
        if narrow:
            value = emission.text.value(f"{narrow} i32 {value} to {memory_type}")
        emission.text.add(f"store {memory_type} {value}, ptr {address}, align 1{emission.metadata}")

    return emit


def _fill(memory_type: str, size: int, narrow: str = "") -> MemoryEmitter:
    def emit(emission: Emission, operands: Sequence[Names]) -> None:
        buffer = _buffer(operands[0])
        offset, count, value = (_number(operand) for operand in operands[1:])
        _require_mutable(emission, buffer)
        _require_range(emission, buffer, offset, count, size)
        text = emission.text
        if narrow:
            value = text.value(f"{narrow} i32 {value} to {memory_type}")
        # Safety: the range was checked just now.
        start = text.value(f"getelementptr inbounds i{8 * size}, ptr {buffer.pointer}, i64 {offset}")
        before, head, body, end = text.label, *(text.new_label(name) for name in ("fill", "body", "end"))
        text.add(f"br label %{head}")
        text.start(head)
        index, following = text.new_label("%index"), text.new_label("%next")
        text.add(f"{index} = phi i64 [ 0, %{before} ], [ {following}, %{body} ]")
        more = text.value(f"icmp ult i64 {index}, {count}")
        text.add(f"br i1 {more}, label %{body}, label %{end}")
        text.start(body)
        address = text.value(f"getelementptr inbounds i{8 * size}, ptr {start}, i64 {index}")
        text.add(f"store {memory_type} {value}, ptr {address}, align 1")
        text.add(f"{following} = add nuw i64 {index}, 1")
        text.add(f"br label %{head}")
        text.start(end)

    return emit


def _copy(emission: Emission, operands: Sequence[Names]) -> None:
    source, target = _buffer(operands[0]), _buffer(operands[2])
    source_offset, target_offset, length = (_number(operands[index]) for index in (1, 3, 4))
    _require_present(emission, source)
    _require_range(emission, source, source_offset, length, 1)
    _require_mutable(emission, target)
    _require_range(emission, target, target_offset, length, 1)
    from_ = emission.text.value(f"getelementptr i8, ptr {source.pointer}, i64 {source_offset}")
    to = emission.text.value(f"getelementptr i8, ptr {target.pointer}, i64 {target_offset}")
    move = emission.text.module.declare("llvm.memmove.p0.p0.i64", "void (ptr, ptr, i64, i1)")
    emission.text.add(f"call void {move}(ptr {to}, ptr {from_}, i64 {length}, i1 false)")


def _compare(emission: Emission, operands: Sequence[Names]) -> Names:
    lhs, rhs, length = _buffer(operands[0]), _buffer(operands[2]), _number(operands[4])
    addresses: list[str] = []
    for buffer, offset in ((lhs, _number(operands[1])), (rhs, _number(operands[3]))):
        _require_present(emission, buffer)
        _require_range(emission, buffer, offset, length, 1)
        addresses.append(emission.text.value(f"getelementptr i8, ptr {buffer.pointer}, i64 {offset}"))
    compare = emission.text.module.declare("memcmp", "i32 (ptr, ptr, i64)", "nounwind")
    order = emission.text.value(f"call i32 {compare}(ptr {addresses[0]}, ptr {addresses[1]}, i64 {length})")
    return emission.text.value(f"zext i1 {emission.text.value(f'icmp eq i32 {order}, 0')} to i32")


def _length(emission: Emission, operands: Sequence[Names]) -> Names:
    buffer = _buffer(operands[0])
    _require_present(emission, buffer)
    return buffer.length


def _allocate(emission: Emission, operands: Sequence[Names]) -> Names:
    """Why only outside loops (see `compilable`): each site then needs one place, freed on return."""
    text, length = emission.text, _number(operands[0])
    memory = emission.stack_buffer(int(length)) if length.isdecimal() else None
    if memory is not None:
        clear = text.module.declare("llvm.memset.p0.i64", "void (ptr, i8, i64, i1)")
        text.add(f"call void {clear}(ptr {memory}, i8 0, i64 {length}, i1 false)")
        return BufferNames(memory, length, str(MUTABLE_STATE))
    # Why a limit: with the sign bit set it would be a huge unsigned number to calloc.
    fits = text.value(f"icmp sge i64 {length}, 0")
    emission.require(fits, StatusCode.RESOURCE_EXHAUSTED)
    calloc = text.module.declare("calloc", "ptr (i64, i64)", "nounwind")
    memory = text.value(f"call ptr {calloc}(i64 1, i64 {length})")
    slot = emission.stack_slot("ptr", 8)
    text.add(f"store ptr {memory}, ptr {slot}")
    emission.free_on_return(slot)
    is_empty = text.value(f"icmp eq i64 {length}, 0")
    is_there = text.value(f"icmp ne ptr {memory}, null")
    emission.require(text.value(f"or i1 {is_empty}, {is_there}"), StatusCode.RESOURCE_EXHAUSTED)
    return BufferNames(memory, length, str(MUTABLE_STATE))


def _clone(emission: Emission, operands: Sequence[Names]) -> Names:
    source, offset, length = _buffer(operands[0]), _number(operands[1]), _number(operands[2])
    _require_present(emission, source)
    _require_range(emission, source, offset, length, 1)
    clone = _buffer(_allocate(emission, [length]))
    from_ = emission.text.value(f"getelementptr i8, ptr {source.pointer}, i64 {offset}")
    move = emission.text.module.declare("llvm.memmove.p0.p0.i64", "void (ptr, ptr, i64, i1)")
    emission.text.add(f"call void {move}(ptr {clone.pointer}, ptr {from_}, i64 {length}, i1 false)")
    return clone


def _binding(emission: Emission, operands: Sequence[Names]) -> Names:
    """Spec: `iree_hal_executable_dispatch_state_v0_t` of IREE 3.13.0 for the offsets."""
    bindings, index = operands[0], _number(operands[1])
    assert isinstance(bindings, ListNames)
    text, state = emission.text, bindings.dispatch_state
    is_there = text.value(f"icmp ne ptr {state}, null")
    emission.require(is_there, StatusCode.INVALID_ARGUMENT)
    narrow = load_field(text, state, 23, "i8")
    count = text.value(f"zext i8 {narrow} to i32")
    emission.require(text.value(f"icmp ult i32 {index}, {count}"), StatusCode.OUT_OF_RANGE)
    position = text.value(f"zext i32 {index} to i64")
    pointers, lengths = load_field(text, state, 32, "ptr"), load_field(text, state, 40, "ptr")
    pointer = _load_element(text, pointers, position, "ptr")
    length = _load_element(text, lengths, position, "i64")
    return BufferNames(pointer, length, str(MUTABLE_STATE))


def load_field(text: FunctionText, structure: str, offset: int, type_: str) -> str:
    """Load a field of a structure that does not change during the call."""
    address = text.value(f"getelementptr i8, ptr {structure}, i64 {offset}")
    return text.value(f"load {type_}, ptr {address}, !invariant.load {text.module.empty_metadata}")


def _load_element(text: FunctionText, array: str, index: str, type_: str) -> str:
    address = text.value(f"getelementptr {type_}, ptr {array}, i64 {index}")
    return text.value(f"load {type_}, ptr {address}, !invariant.load {text.module.empty_metadata}")


MEMORY_EMITTERS: dict[str, MemoryEmitter] = {
    "buffer.load.i8.u": _load("i8", 1, "zext"),
    "buffer.load.i8.s": _load("i8", 1, "sext"),
    "buffer.load.i16.u": _load("i16", 2, "zext"),
    "buffer.load.i16.s": _load("i16", 2, "sext"),
    "buffer.load.i32": _load("i32", 4),
    "buffer.load.i64": _load("i64", 8),
    "buffer.load.f32": _load("float", 4),
    "buffer.load.f64": _load("double", 8),
    "buffer.store.i8": _store("i8", 1, "trunc"),
    "buffer.store.i16": _store("i16", 2, "trunc"),
    "buffer.store.i32": _store("i32", 4),
    "buffer.store.i64": _store("i64", 8),
    "buffer.store.f32": _store("float", 4),
    "buffer.store.f64": _store("double", 8),
    "buffer.fill.i8": _fill("i8", 1, "trunc"),
    "buffer.fill.i16": _fill("i16", 2, "trunc"),
    "buffer.fill.i32": _fill("i32", 4),
    "buffer.fill.i64": _fill("i64", 8),
    "buffer.fill.f32": _fill("float", 4),
    "buffer.fill.f64": _fill("double", 8),
    "buffer.copy": _copy,
    "buffer.compare": _compare,
    "buffer.length": _length,
    "buffer.alloc": _allocate,
    "buffer.clone": _clone,
    "list.get.ref": _binding,
}
"""By opcode name."""
