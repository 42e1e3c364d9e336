"""Regions that a program asks to be one dispatch (`flow.dispatch.region`) give way to their operations.

Values are the same, and which operations share a dispatch is decided later, for all of the program.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_REGION = "flow.dispatch.region"


def inline_dispatch_regions(module: ir.Module) -> None:
    """Move the operations of regions in front of them, and let the regions go."""
    for op in find(module.operation, _REGION):
        blocks = list(op.regions[0].blocks)
        if len(blocks) != 1:
            continue
        *operations, terminator = (view.operation for view in blocks[0].operations)
        for operation in operations:
            operation.move_before(op)
        for old, new in zip(op.results, terminator.operands, strict=True):
            old.replace_all_uses_with(new)
        op.erase()
