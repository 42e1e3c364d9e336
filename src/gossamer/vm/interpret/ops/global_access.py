"""Loads and stores of globals.

Direct places were checked when the module was verified; indirect ones are checked here. A byte offset need
not be aligned.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import cast

from gossamer.errors import OutOfRangeError
from gossamer.isa.instruction import OperandValue
from gossamer.isa.opcodes import MOVE_BIT, OperandKind
from gossamer.vm.bytecode.global_storage import GlobalStorage
from gossamer.vm.interpret.execution import Execution, Handler
from gossamer.vm.interpret.frame import READERS, WRITERS, Frame, read_i32, read_ref_or_move
from gossamer.vm.numbers.wrapping import MASK_32

_I32 = struct.Struct("<i")
_I64 = struct.Struct("<q")
# Why: an f32 global is copied as its 32 bits, an f64 as its 64, so that NaNs keep theirs.
_VALUE_CELLS = {
    "i32": (OperandKind.I32, _I32),
    "f32": (OperandKind.I32, _I32),
    "i64": (OperandKind.I64, _I64),
    "f64": (OperandKind.I64, _I64),
}


def _checked_offset(storage: GlobalStorage, index: int, size: int) -> int:
    offset = index & MASK_32
    if offset + size > storage.values.length:
        raise OutOfRangeError(
            f"global of {size} bytes at byte {offset} passes the {storage.values.length} bytes of globals"
        )
    return offset


def _checked_ordinal(storage: GlobalStorage, index: int) -> int:
    ordinal = index & MASK_32
    if ordinal >= len(storage.refs):
        raise OutOfRangeError(f"global ref {ordinal} is out of range of {len(storage.refs)}")
    return ordinal


def _load_value(value_type: str, is_indirect: bool) -> Handler:
    kind, cell = _VALUE_CELLS[value_type]
    write = WRITERS[kind]

    def handle(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
        place, result = cast("tuple[int, int]", operands)
        storage = execution.state.storage
        if is_indirect:
            place = _checked_offset(storage, read_i32(frame, place), cell.size)
        write(frame, result, cell.unpack_from(storage.values.data, place)[0])

    return handle


def _store_value(value_type: str, is_indirect: bool) -> Handler:
    kind, cell = _VALUE_CELLS[value_type]
    read = READERS[kind]

    def handle(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
        place, source = cast("tuple[int, int]", operands)
        storage = execution.state.storage
        if is_indirect:
            place = _checked_offset(storage, read_i32(frame, place), cell.size)
        cell.pack_into(storage.values.data, place, read(frame, source))

    return handle


def _load_ref(is_indirect: bool) -> Handler:
    def handle(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
        place, type_ordinal, result = cast("tuple[int, int, int]", operands)
        storage = execution.state.storage
        if is_indirect:
            place = _checked_ordinal(storage, read_i32(frame, place))
        value = execution.state.module.types[type_ordinal].check(storage.refs[place])
        if result & MOVE_BIT:
            storage.refs[place] = None
        WRITERS[OperandKind.REF](frame, result, value)

    return handle


def _store_ref(is_indirect: bool) -> Handler:
    def handle(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
        place, type_ordinal, source = cast("tuple[int, int, int]", operands)
        storage = execution.state.storage
        if is_indirect:
            place = _checked_ordinal(storage, read_i32(frame, place))
        value = read_ref_or_move(frame, source)
        storage.refs[place] = execution.state.module.types[type_ordinal].check(value)

    return handle


def _family(prefix: str, make_value: Callable[[str, bool], Handler], make_ref: Callable[[bool], Handler]):
    handlers: dict[str, Handler] = {}
    for infix, is_indirect in (("", False), ("indirect.", True)):
        for value_type in _VALUE_CELLS:
            handlers[f"{prefix}.{infix}{value_type}"] = make_value(value_type, is_indirect)
        handlers[f"{prefix}.{infix}ref"] = make_ref(is_indirect)
    return handlers


GLOBAL_HANDLERS: dict[str, Handler] = {
    **_family("global.load", _load_value, _load_ref),
    **_family("global.store", _store_value, _store_ref),
}
