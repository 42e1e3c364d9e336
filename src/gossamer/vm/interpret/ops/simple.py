"""Operations that read registers and immediates, compute, and write one register at most.

Their handlers are made from the opcode table, which says where operands are, and from `vm.semantics`,
which says what is computed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from gossamer.isa.instruction import OperandValue
from gossamer.isa.opcodes import OPCODES_BY_NAME, Opcode, Operand, OperandKind
from gossamer.vm.interpret.execution import Execution, Handler
from gossamer.vm.interpret.frame import READERS, WRITERS, Frame
from gossamer.vm.semantics.collection import COLLECTION_OPERATIONS
from gossamer.vm.semantics.floating import FLOAT_OPERATIONS
from gossamer.vm.semantics.integer import INTEGER_OPERATIONS
from gossamer.vm.semantics.memory import MEMORY_OPERATIONS
from gossamer.vm.semantics.selection import SELECTION_OPERATIONS

SIMPLE_OPERATIONS: dict[str, Callable[..., object]] = {
    **INTEGER_OPERATIONS,
    **FLOAT_OPERATIONS,
    **SELECTION_OPERATIONS,
    **MEMORY_OPERATIONS,
    **COLLECTION_OPERATIONS,
}
"""What each of them computes, by opcode name."""

_OperandReader: TypeAlias = Callable[[Frame, OperandValue], object]

_IMMEDIATE_KINDS = frozenset(
    {
        OperandKind.IMMEDIATE_I32,
        OperandKind.IMMEDIATE_I64,
        OperandKind.IMMEDIATE_F32,
        OperandKind.IMMEDIATE_F64,
    }
)


def _operand_reader(operand: Operand) -> _OperandReader:
    if operand.kind in _IMMEDIATE_KINDS:
        return lambda frame, value: value
    if operand.kind is OperandKind.REGISTERS:
        assert operand.element is not None
        read_element = READERS[operand.element]
        return lambda frame, value: tuple(
            read_element(frame, register) for register in cast("tuple[int, ...]", value)
        )
    read = READERS[operand.kind]
    return lambda frame, value: read(frame, cast(int, value))


def _make_handler(opcode: Opcode, operation: Callable[..., object]) -> Handler:
    inputs = [
        (position, _operand_reader(operand))
        for position, operand in enumerate(opcode.operands)
        if not operand.is_result
    ]

    if not opcode.results:

        def handle_effect(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
            operation(*[read(frame, operands[position]) for position, read in inputs])

        return handle_effect

    result_position = next(position for position, operand in enumerate(opcode.operands) if operand.is_result)
    write = WRITERS[opcode.operands[result_position].kind]

    def handle_result(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
        result = operation(*[read(frame, operands[position]) for position, read in inputs])
        write(frame, cast(int, operands[result_position]), result)

    return handle_result


SIMPLE_HANDLERS: dict[str, Handler] = {
    name: _make_handler(OPCODES_BY_NAME[name], operation) for name, operation in SIMPLE_OPERATIONS.items()
}
