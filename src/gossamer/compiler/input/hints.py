"""Removes IREE's hints to its optimiser, which nothing here reads, and assertions."""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_FORWARDING = (
    "flow.tensor.tie_shape",
    "iree_tensor_ext.compute_barrier.end",
    "iree_tensor_ext.compute_barrier.start",
    "util.assume.int",
)
"""Their results are their first operands."""


def remove_hints(module: ir.Module) -> None:
    """Replace the results of hints by their operands."""
    for op in find(module.operation, *_FORWARDING):
        for result, operand in zip(op.results, op.operands, strict=False):
            result.replace_all_uses_with(operand)
        op.erase()


def remove_assertions(module: ir.Module) -> None:
    """Remove what a program asserts of its values."""
    for op in find(module.operation, "cf.assert"):
        op.erase()
