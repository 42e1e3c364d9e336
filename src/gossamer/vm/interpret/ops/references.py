"""Operations on refs that need more than their values: types, constants, ownership."""

from __future__ import annotations

from typing import cast

from gossamer.isa.instruction import OperandValue
from gossamer.isa.opcodes import MOVE_BIT, REF_BIT, REF_ORDINAL_MASK
from gossamer.vm.interpret.execution import Execution, Handler
from gossamer.vm.interpret.frame import Frame, read_i32, read_ref, read_ref_or_move
from gossamer.vm.numbers.wrapping import MASK_32
from gossamer.vm.semantics.collection import allocate_list, as_list


def _write(frame: Frame, register: int, value: object) -> None:
    frame.refs[register & REF_ORDINAL_MASK] = value


def _const_zero(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    _write(frame, cast(int, operands[0]), None)


def _const_rodata(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    ordinal, result = cast("tuple[int, int]", operands)
    _write(frame, result, execution.state.rodata[ordinal])


def _list_alloc(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    type_ordinal, capacity, result = cast("tuple[int, int, int]", operands)
    element_type = execution.state.module.definition.types[type_ordinal]
    _write(frame, result, allocate_list(element_type, read_i32(frame, capacity)))


def _list_get_ref(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    source, index, type_ordinal, result = cast("tuple[int, int, int, int]", operands)
    value = as_list(read_ref(frame, source)).get_ref(
        read_i32(frame, index) & MASK_32, take=bool(result & MOVE_BIT)
    )
    # Spec: a ref of another type reads as null (`ListGetRef` in iree/vm/bytecode/dispatch.c, 3.13.0).
    accepted = execution.state.module.types[type_ordinal].accepts(value)
    _write(frame, result, value if accepted else None)


def _select(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    condition, type_ordinal, true_register, false_register, result = cast(
        "tuple[int, int, int, int, int]", operands
    )
    chosen = read_ref(frame, true_register if read_i32(frame, condition) else false_register)
    for register in (true_register, false_register):
        if register & MOVE_BIT:
            _write(frame, register, None)
    _write(frame, result, execution.state.module.types[type_ordinal].check(chosen))


def _switch(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    index, type_ordinal, default, registers, result = cast(
        "tuple[int, int, int, tuple[int, ...], int]", operands
    )
    case = read_i32(frame, index)
    # Why: only the register chosen is read, so the others keep their refs even where marked MOVE.
    chosen = read_ref_or_move(frame, registers[case] if 0 <= case < len(registers) else default)
    _write(frame, result, execution.state.module.types[type_ordinal].check(chosen))


def _cast(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    source, type_ordinal, result = cast("tuple[int, int, int]", operands)
    value = read_ref_or_move(frame, source)
    _write(frame, result, execution.state.module.types[type_ordinal].check(value))


def _assign(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    source, result = cast("tuple[int, int]", operands)
    _write(frame, result, read_ref_or_move(frame, source))


def _discard(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    for register in cast("tuple[int, ...]", operands[0]):
        _write(frame, register, None)


def _release_moved(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    for register in cast("tuple[int, ...]", operands[1]):
        if register & REF_BIT and register & MOVE_BIT:
            _write(frame, register, None)


REFERENCE_HANDLERS: dict[str, Handler] = {
    "const.ref.zero": _const_zero,
    "const.ref.rodata": _const_rodata,
    "list.alloc": _list_alloc,
    "list.get.ref": _list_get_ref,
    "select.ref": _select,
    "switch.ref": _switch,
    "cast.any.ref": _cast,
    "assign.ref": _assign,
    "discard.refs": _discard,
    "trace": _release_moved,
    "print": _release_moved,
}
