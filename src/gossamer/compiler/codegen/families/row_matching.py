"""Which reductions keep rows of accumulators in the result's memory.

A reduction computed element by element walks down the columns of its inputs. Where the innermost result
dimension is contiguous in the inputs, as in a matrix product or a sum of rows, it is better to take one step
of the reduction for a whole row of results: every access of the innermost loop is then to neighbours. What
each element adds up, and in what order, is the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.half_floats import is_half
from gossamer.compiler.codegen.iteration import Indices, loops_at
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.linalg_op import LinalgOp, as_linalg, dim_position
from gossamer.compiler.tensor.tensor_op import element_type, is_tensor, shape_of


@dataclass(frozen=True, slots=True)
class RowReduction:
    """A reduction to compute row by row.

    Attributes:
        linalg: the reduction.
        consumer: the elementwise root that reads it, or None where the reduction is the root.
        operand: which operand of the consumer it is.
    """

    linalg: LinalgOp
    consumer: LinalgOp | None = None
    operand: int = 0

    def innermost_loop(self) -> int | None:
        """The loop of the reduction that goes along a row of the kernel's result."""
        results = self.linalg.init_maps[0].results
        return dim_position(results[-1]) if results else None

    def varies_along_row(self, position: int) -> bool:
        """Whether neighbours in a row of the result read different elements of an input."""
        loop = self.innermost_loop()
        return any(_mentions(expr, loop) for expr in self.linalg.maps[position].results)

    def loops(self, elements: Elements, indices: Indices) -> dict[int, Index]:
        """Parallel loop indices of the reduction for an element of the kernel's result."""
        if self.consumer is None:
            return loops_at(self.linalg, 0, indices)
        outer = loops_at(self.consumer, 0, indices)
        map = self.consumer.maps[self.operand]
        inner = tuple(elements.evaluate(expr, outer) for expr in map.results)
        return loops_at(self.linalg, 0, inner)


def find_row_reduction(op: ir.Operation) -> RowReduction | None:
    """The reduction of a dispatch with root `op`, where it is one that is better computed row by row."""
    root = as_linalg(op)
    if root is None or not shape_of(op.results[0]):
        return None
    found = RowReduction(root) if not root.is_elementwise else _below(root)
    if found is None or not _fits(found):
        return None
    innermost = found.innermost_loop()
    return found if innermost is not None and _is_contiguous_in(found.linalg, innermost) else None


def _below(root: LinalgOp) -> RowReduction | None:
    if len(root.inits) != 1:
        return None
    for position, operand in enumerate(root.inputs):
        owner = operand.owner
        linalg = None if isinstance(owner, ir.Block) else as_linalg(owner.operation)
        if linalg is not None and not linalg.is_elementwise:
            same_type = element_type(operand) == element_type(root.op.results[0])
            once = sum(other == operand for other in root.inputs) == 1
            return RowReduction(linalg, root, position) if same_type and once else None
    return None


def _fits(reduction: RowReduction) -> bool:
    """Whether the results of the reduction and of the kernel are laid out alike."""
    linalg = reduction.linalg
    if any(str(map) != str(linalg.init_maps[0]) for map in linalg.init_maps):
        return False
    if any(is_half(element_type(init)) for init in linalg.inits):
        return False  # Memory would round what a reduction carries.
    if reduction.consumer is None:
        return True
    consumer = reduction.consumer
    return len(linalg.inits) == 1 and str(consumer.maps[reduction.operand]) == str(consumer.init_maps[0])


def _is_contiguous_in(linalg: LinalgOp, loop: int) -> bool:
    found = False
    for operand, map in zip(linalg.inputs, linalg.maps, strict=False):
        if not is_tensor(operand):
            continue
        for position, expr in enumerate(map.results):
            if not _mentions(expr, loop):
                continue
            if position != len(map.results) - 1 or not _has_unit_step(expr, loop):
                return False
            found = True
    return found


def _mentions(expr: ir.AffineExpr, loop: int | None) -> bool:
    if isinstance(expr, ir.AffineBinaryExpr):
        return _mentions(expr.lhs, loop) or _mentions(expr.rhs, loop)
    return dim_position(expr) == loop


def _has_unit_step(expr: ir.AffineExpr, loop: int) -> bool:
    if isinstance(expr, ir.AffineAddExpr):
        return any(
            _has_unit_step(one, loop) and not _mentions(other, loop)
            for one, other in ((expr.lhs, expr.rhs), (expr.rhs, expr.lhs))
        )
    return dim_position(expr) == loop
