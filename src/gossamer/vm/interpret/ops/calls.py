"""Calls of internal functions and of imports."""

from __future__ import annotations

from typing import cast

from gossamer.abi.calling_convention import CallingConvention
from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.isa.instruction import OperandValue
from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.vm.interpret.execution import Execution, Handler, Pause
from gossamer.vm.interpret.frame import VALUE_READERS, VALUE_WRITERS, Frame, entry_registers
from gossamer.vm.link.function import Function
from gossamer.vm.objects.values import TYPES_BY_CHARACTER, to_value


def _call(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> Pause | None:
    ordinal, arguments, results = cast("tuple[int, tuple[int, ...], tuple[int, ...]]", operands)
    return _start_call(execution, frame, ordinal, (), arguments, results, None)


def _call_variadic(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> Pause | None:
    ordinal, segments, arguments, results = cast(
        "tuple[int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]", operands
    )
    return _start_call(execution, frame, ordinal, segments, arguments, results, None)


def _call_yieldable(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> Pause | None:
    ordinal, arguments, block, results = cast("tuple[int, tuple[int, ...], int, tuple[int, ...]]", operands)
    return _start_call(execution, frame, ordinal, (), arguments, results, block)


def _call_variadic_yieldable(
    execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]
) -> Pause | None:
    ordinal, segments, arguments, block, results = cast(
        "tuple[int, tuple[int, ...], tuple[int, ...], int, tuple[int, ...]]", operands
    )
    return _start_call(execution, frame, ordinal, segments, arguments, results, block)


def _start_call(
    execution: Execution,
    frame: Frame,
    ordinal: int,
    segments: tuple[int, ...],
    arguments: tuple[int, ...],
    results: tuple[int, ...],
    block: int | None,
) -> Pause | None:
    frame.pending_results = results
    frame.pending_block = block
    if ordinal & IMPORT_BIT:
        return _call_import(execution, frame, ordinal & ~IMPORT_BIT, segments, arguments, block is not None)
    callee = execution.state.module.decoded.functions[ordinal]
    kinds = "".join(cast("tuple[str, ...]", callee.convention.arguments))
    callee_frame = execution.push(callee)
    for kind, source, target in zip(kinds, arguments, entry_registers(kinds), strict=False):
        VALUE_WRITERS[kind](callee_frame, target, VALUE_READERS[kind](frame, source))
    return None


def _call_import(
    execution: Execution,
    frame: Frame,
    ordinal: int,
    segments: tuple[int, ...],
    registers: tuple[int, ...],
    may_wait: bool,
) -> Pause | None:
    module = execution.state.module
    function = execution.imports[ordinal]
    if function is None:
        name = module.imports[ordinal].full_name
        raise NotFoundError(f"optional import {name!r} is called, but no loaded module exports it")
    convention = module.decoded.import_conventions[ordinal]
    arguments = _pack_arguments(frame, convention, segments, registers)
    if may_wait and execution.is_resumable and function.resumable is not None:
        return _await_import(execution, frame, function, convention.results, arguments)
    _finish_import(execution, frame, function, convention.results, function.callable(*arguments))
    return None


def _await_import(
    execution: Execution, frame: Frame, function: Function, kinds: str, arguments: list[object]
) -> Pause:
    assert function.resumable is not None
    value = yield from function.resumable(*arguments)
    _finish_import(execution, frame, function, kinds, value)


def _finish_import(execution: Execution, frame: Frame, function: Function, kinds: str, value: object) -> None:
    values = cast("tuple[object, ...]", value) if len(kinds) > 1 else (value,) * len(kinds)
    if len(values) != len(kinds) or (not kinds and value is not None):
        raise InvalidArgumentError(
            f"{function.full_name} returned {value!r}; its calling convention "
            f"{function.calling_convention!r} has {len(kinds)} results"
        )
    exact = [
        item if kind == "r" else to_value(item, TYPES_BY_CHARACTER[kind])
        for kind, item in zip(kinds, values, strict=True)
    ]
    execution.finish_call(frame, kinds, exact)


def _pack_arguments(
    frame: Frame, convention: CallingConvention, segments: tuple[int, ...], registers: tuple[int, ...]
) -> list[object]:
    arguments: list[object] = []
    start = 0
    for position, argument in enumerate(convention.arguments):
        if isinstance(argument, str):
            arguments.append(VALUE_READERS[argument](frame, registers[start]))
            start += 1
            continue
        element = argument.element
        end = start + segments[position] * len(element)
        values = [
            VALUE_READERS[kind](frame, register)
            for kind, register in zip(element * segments[position], registers[start:end], strict=True)
        ]
        arguments.append(
            values if len(element) == 1 else list(zip(*[iter(values)] * len(element), strict=True))
        )
        start = end
    return arguments


def _import_resolved(execution: Execution, frame: Frame, operands: tuple[OperandValue, ...]) -> None:
    ordinal, result = cast("tuple[int, int]", operands)
    is_import = bool(ordinal & IMPORT_BIT)
    is_resolved = not is_import or execution.imports[ordinal & ~IMPORT_BIT] is not None
    frame.i32[result] = int(is_resolved)


CALL_HANDLERS: dict[str, Handler] = {
    "call": _call,
    "call.variadic": _call_variadic,
    "call.yieldable": _call_yieldable,
    "call.variadic.yieldable": _call_variadic_yieldable,
    "import.resolved": _import_resolved,
}
