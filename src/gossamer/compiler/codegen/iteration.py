"""Which iterations of a linalg operation make which element of its results."""

from __future__ import annotations

from typing import TypeAlias

from gossamer.compiler.codegen.unsupported import unsupported
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.linalg_op import LinalgOp, dim_position

Indices: TypeAlias = "tuple[Index, ...]"
"""Position of an element in a tensor."""


def loops_at(linalg: LinalgOp, result: int, indices: Indices) -> dict[int, Index]:
    """Parallel loop indices of the iterations that make an element of a result.

    Args:
        linalg: the operation.
        result: which of its results.
        indices: of the element.
    Raises: CompileError where the result's map does not tell.
    """
    loops: dict[int, Index] = {}
    for expr, index in zip(linalg.init_maps[result].results, indices, strict=True):
        loop = dim_position(expr)
        if loop is not None:
            loops[loop] = index
    if sorted(loops) != linalg.parallel_loops:
        raise unsupported(linalg.op, "a result of 'linalg.generic' is no permutation of its parallel loops")
    return loops
