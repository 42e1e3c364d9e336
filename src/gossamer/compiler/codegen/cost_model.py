"""About how much work there is, in steps: what is done for one element in one iteration of a reduction."""

from __future__ import annotations

from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.linalg_op import as_linalg

_REDUCTION_GUESS = 256
_LINE_GUESS = 1024


def steps_of_element(root: ir.Operation) -> int:
    """Steps that an element of a dispatch's result takes: trips of the reductions that make it."""
    steps = 1
    for view in root.block.operations:
        linalg = as_linalg(view.operation)
        if linalg is not None:
            for loop in linalg.reduction_loops:
                size = linalg.loop_sizes[loop]
                steps *= _REDUCTION_GUESS if size is None else max(1, size)
    return steps


def steps_of_line(length: KnownSize) -> int:
    """Steps that a line of `length` elements takes that is computed as a whole."""
    return max(1, length) if isinstance(length, int) else _LINE_GUESS
