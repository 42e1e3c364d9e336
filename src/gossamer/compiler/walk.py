"""Finding operations inside others, and putting others in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gossamer.compiler.mlir import ir


# Why: the bindings' own `walk` imports the wheel's Python package, and NumPy with it, which takes longer than
# the compilation of a small module.
def walk(
    op: ir.Operation, enters: Callable[[ir.Operation], bool] = lambda op: True
) -> Iterator[ir.Operation]:
    """An operation and all operations nested in it, outer before inner, in program order.

    Args:
        op: comes first.
        enters: whether operations nested in one come too.
    """
    yield op
    if not enters(op):
        return
    for region in op.regions:
        for block in region.blocks:
            for nested in block.operations:
                yield from walk(nested.operation, enters)


def find(op: ir.Operation, *names: str) -> list[ir.Operation]:
    """Operations of some names, nested in `op` or itself; a list, so that they may be replaced."""
    return [nested for nested in walk(op) if nested.name in names]


def replace_operation(op: ir.Operation, name: str, attributes: Mapping[str, ir.Attribute]) -> ir.Operation:
    """Put another operation with the same operands and result types in an operation's place.

    Args:
        op: goes.
        name: of the other operation.
        attributes: all that the other operation has.
    """
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
