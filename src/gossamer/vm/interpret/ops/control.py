"""Operations that end a block: branches, returns, failures, yields."""

from __future__ import annotations

from typing import cast

from gossamer.errors import STATUS_CODE_MASK, FailedPreconditionError, status_error
from gossamer.isa.instruction import Cases, OperandValue, RemapList
from gossamer.vm.interpret.execution import READY, Execution, Handler, Pause
from gossamer.vm.interpret.frame import VALUE_READERS, Frame, read_i32


def _branch(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    target, remap = cast("tuple[int, RemapList]", operands)
    frame.remap(remap)
    frame.jump(target)


def _conditional_branch(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    condition, *targets = operands
    chosen = targets[:2] if read_i32(frame, cast(int, condition)) else targets[2:]
    _branch(execution, frame, tuple(chosen))


def _branch_table(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    index_register, default, default_remap, cases = cast("tuple[int, int, RemapList, Cases]", operands)
    index = read_i32(frame, index_register)
    chosen = cases[index] if 0 <= index < len(cases) else (default, default_remap)
    _branch(execution, frame, chosen)


def _conditional_break(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    _branch(execution, frame, operands[1:])


def _return(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    registers = cast("tuple[int, ...]", operands[0])
    kinds = frame.function.convention.results
    execution.pop(
        tuple(VALUE_READERS[kind](frame, register) for kind, register in zip(kinds, registers, strict=False))
    )


def _fail(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    status_register, message = cast("tuple[int, bytes]", operands)
    status = read_i32(frame, status_register)
    if status & STATUS_CODE_MASK:
        raise status_error(status, message.decode("utf-8", "replace"))
    # Spec: a failure with status OK goes on with the block that follows (iree/vm/bytecode, 3.13.0).
    if frame.index >= len(frame.function.instructions):
        raise FailedPreconditionError("`fail` with status OK in the last block: nothing follows it")
    frame.index += 1


def _yield(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> Pause:
    _branch(execution, frame, operands)
    yield READY


CONTROL_HANDLERS: dict[str, Handler] = {
    "br": _branch,
    "cond_br": _conditional_branch,
    "br_table": _branch_table,
    "break": _branch,
    "cond_break": _conditional_break,
    "return": _return,
    "fail": _fail,
    "yield": _yield,
}
