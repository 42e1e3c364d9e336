"""Operands that windows pass over are cut to what windows reach, before unit dimensions go.

A window of size 3 that moves by 2 over 4 elements has one place, and the last element is never read. Where
there is one place, the dimension of places goes, and `3` loops are left over `4` elements:

    in[place * 2 + offset], place < 1, offset < 3    =>    in[offset], offset < 3

linalg takes the number of iterations from any operand, so those of `in` must be three as well.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import append_slice, tensor_type
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.linalg_op import GENERIC, LinalgOp, dim_position, static_size
from gossamer.compiler.tensor.tensor_op import is_tensor
from gossamer.compiler.walk import find


def trim_windows(module: ir.Module) -> None:
    """Cut operands of a module's operations, in place, to what windows of one place read of them."""
    for op in find(module.operation, GENERIC):
        linalg = LinalgOp(op)
        for position, operand in enumerate(linalg.inputs):
            if is_tensor(operand):
                reached = _reached(linalg, position)
                if any(size != static_size(operand, dim) for dim, size in reached.items()):
                    op.operands[position] = _trimmed(operand, reached, op)


def _reached(linalg: LinalgOp, position: int) -> dict[int, int]:
    """How many elements windows of one place reach in each dimension that they pass over."""
    found: dict[int, int] = {}
    for dim, expr in enumerate(linalg.maps[position].results):
        if dim_position(expr) is not None or not isinstance(expr, ir.AffineAddExpr):
            continue
        last = _last(expr, linalg.loop_sizes)
        if last is not None and 1 in [linalg.loop_sizes[loop] for loop in _loops(expr)]:
            found[dim] = last + 1
    return found


def _loops(expr: ir.AffineExpr) -> list[int]:
    if isinstance(expr, ir.AffineDimExpr):
        return [expr.position]
    return [*_loops(expr.lhs), *_loops(expr.rhs)] if isinstance(expr, ir.AffineBinaryExpr) else []


def _last(expr: ir.AffineExpr, sizes: tuple[int | None, ...]) -> int | None:
    """The largest value of a sum of loop indices and multiples of them, where sizes are known."""
    if isinstance(expr, ir.AffineDimExpr):
        size = sizes[expr.position]
        return None if size is None else size - 1
    if isinstance(expr, ir.AffineConstantExpr):
        return expr.value
    if not isinstance(expr, ir.AffineAddExpr | ir.AffineMulExpr):
        return None
    lhs, rhs = _last(expr.lhs, sizes), _last(expr.rhs, sizes)
    if lhs is None or rhs is None:
        return None
    return lhs + rhs if isinstance(expr, ir.AffineAddExpr) else lhs * rhs


def _trimmed(operand: ir.Value, reached: dict[int, int], reader: ir.Operation) -> ir.Value:
    build = IndexBuilder(ir.InsertionPoint(reader), reader.location)
    type = ir.RankedTensorType(operand.type)
    sizes: list[Index] = []
    for dim in range(type.rank):
        size = reached.get(dim, static_size(operand, dim))
        sizes.append(
            build.op("tensor.dim", [operand, build.value(dim)], [build.index_type]).result
            if size is None
            else size
        )
    result = tensor_type(sizes, type.element_type)
    return append_slice(
        build, "tensor.extract_slice", [operand], result, ([0] * type.rank, sizes, [1] * type.rank)
    )
