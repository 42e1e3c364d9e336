"""Finds the functions whose calls and blocks must pass timepoints along: those that handle tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gossamer.compiler.host.schedule.analysis.aliasing import is_tensor
from gossamer.compiler.mlir import ir
from gossamer.compiler.signatures import Signature


def callee_name(op: ir.Operation) -> str:
    """The symbol a `func.call` calls."""
    return ir.FlatSymbolRefAttr(op.attributes["callee"]).value


def symbol_name(op: ir.Operation) -> str:
    """The symbol an operation defines."""
    return ir.StringAttr(op.attributes["sym_name"]).value


def find_timed_functions(
    functions: Sequence[ir.Operation], signatures: Mapping[str, Signature]
) -> frozenset[str]:
    """Names of the functions that may start device work, in themselves or in what they call."""
    callees: dict[str, set[str]] = {}
    timed: set[str] = set()
    for op in functions:
        name = symbol_name(op)
        callees[name] = set()
        for operation in operations_of(op):
            if operation.name == "func.call":
                callees[name].add(callee_name(operation))
            if _handles_tensors(operation) or _is_async_call(operation, signatures):
                timed.add(name)
        if any(is_tensor(argument) for argument in op.regions[0].blocks[0].arguments):
            timed.add(name)
    while grown := {name for name, called in callees.items() if called & timed} - timed:
        timed |= grown
    return frozenset(timed)


def find_called_functions(functions: Sequence[ir.Operation]) -> frozenset[str]:
    """Names of the functions that functions of the module call."""
    return frozenset(
        callee_name(operation)
        for op in functions
        for operation in operations_of(op)
        if operation.name == "func.call"
    )


def operations_of(op: ir.Operation) -> list[ir.Operation]:
    """All operations of a function that is a control flow graph."""
    return [operation.operation for block in op.regions[0].blocks for operation in block.operations]


def _handles_tensors(op: ir.Operation) -> bool:
    return any(map(is_tensor, op.operands)) or any(map(is_tensor, op.results))


def _is_async_call(op: ir.Operation, signatures: Mapping[str, Signature]) -> bool:
    if op.name != "func.call":
        return False
    callee = signatures.get(callee_name(op))
    return callee is not None and callee.is_import and callee.is_async
