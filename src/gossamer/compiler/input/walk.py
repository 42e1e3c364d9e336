"""Finding operations in a module, and putting others in their place."""

from __future__ import annotations

from collections.abc import Mapping

from gossamer.compiler.mlir import ir


def operations_named(module: ir.Module, *names: str) -> list[ir.Operation]:
    """All operations of some names, in program order."""
    found: list[ir.Operation] = []

    def visit(op: ir.Operation) -> ir.WalkResult:
        if op.name in names:
            found.append(op)
        return ir.WalkResult.ADVANCE

    module.operation.walk(visit, ir.WalkOrder.PRE_ORDER)
    return found


def replace_operation(op: ir.Operation, name: str, attributes: Mapping[str, ir.Attribute]) -> ir.Operation:
    """Put another operation with the same operands and result types in an operation's place."""
    with ir.InsertionPoint(op):
        replacement = ir.Operation.create(
            name,
            results=[result.type for result in op.results],
            operands=list(op.operands),
            attributes=dict(attributes),
            loc=op.location,
        )
    for old, new in zip(op.results, replacement.results, strict=True):
        old.replace_all_uses_with(new)
    op.erase()
    return replacement
