"""Finding operations inside others."""

from __future__ import annotations

from collections.abc import Iterator

from gossamer.compiler.mlir import ir


# Why: the bindings' own `walk` imports the wheel's Python package, and NumPy with it, which takes longer than
# the compilation of a small module.
def walk(op: ir.Operation) -> Iterator[ir.Operation]:
    """An operation and all operations nested in it, outer before inner, in program order."""
    yield op
    for region in op.regions:
        for block in region.blocks:
            for nested in block.operations:
                yield from walk(nested.operation)


def find(op: ir.Operation, *names: str) -> list[ir.Operation]:
    """Operations of some names, nested in `op` or itself; a list, so that they may be replaced."""
    return [nested for nested in walk(op) if nested.name in names]
