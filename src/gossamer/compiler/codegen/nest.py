"""Loop nests that compute the results of a dispatch."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.codegen.distribution import (
    Distribution,
    Grid,
    distribute,
    for_each_column,
    for_each_row,
    for_each_stretch,
    locate,
)
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.extended import emit_extended, plan_extended
from gossamer.compiler.codegen.iteration import Indices, loops_at
from gossamer.compiler.codegen.kernel_function import KernelFunction
from gossamer.compiler.codegen.row_emission import LEAST_COLUMNS, LEAST_ROWS, RowEmitter
from gossamer.compiler.codegen.row_reduction import RowReduction, find_row_reduction
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import ExtendedOp
from gossamer.compiler.tensor.linalg_op import as_linalg, dim_position
from gossamer.compiler.tensor.operations import operation_of

_SIZE_GUESS = 256
_STRETCH = 16


def plan_nest(root: ir.Operation, sizes: Sequence[KnownSize]) -> Distribution:
    """Decide how a dispatch's work is shared out.

    Args:
        root: the operation that computes the results.
        sizes: of the first result's dimensions.
    """
    row = operation_of(root)
    if row is not None and row.is_whole:
        return plan_extended(ExtendedOp(root), sizes)
    work = _work_per_element(root)
    if find_row_reduction(root) is not None:
        return distribute(sizes, work, least_rows=LEAST_ROWS, least_columns=LEAST_COLUMNS)
    return distribute(sizes, work)


def emit_nest(kernel: KernelFunction) -> None:
    """Append the loops of a kernel."""
    elements = Elements(kernel)
    elements.load_scalars()
    row = operation_of(kernel.root)
    if row is not None and row.is_whole:
        emit_extended(elements, ExtendedOp(kernel.root))
        return
    grid = locate(kernel)
    reduction = find_row_reduction(kernel.root)
    if reduction is not None:
        _emit_row_reduction(elements, reduction, grid)
    elif _reads_down_columns(kernel):
        for_each_stretch(kernel, grid, _STRETCH, lambda part: _emit_points(elements, part))
    else:
        _emit_points(elements, grid)


def _reads_down_columns(kernel: KernelFunction) -> bool:
    """Whether a row of the result takes its elements from many rows of an input, as in a transposition.

    Such rows are computed a short stretch of many at a time, while the lines of the input are in the cache.
    """
    root = as_linalg(kernel.root)
    if root is None or not root.is_elementwise or root.loop_count < 2:
        return False
    innermost = dim_position(root.init_maps[0].results[-1])
    loops = [[dim_position(expr) for expr in map.results] for map in root.maps[: root.input_count]]
    return any(innermost in positions[:-1] for positions in loops)


def _emit_row_reduction(elements: Elements, reduction: RowReduction, grid: Grid) -> None:
    kernel = elements.kernel
    RowEmitter(elements, reduction, grid).emit()
    if reduction.consumer is not None:

        def reduced(indices: Indices) -> ir.Value:
            return elements.build.load(kernel.outputs[0], elements.linear(indices, kernel.result_dims(0)))

        elements.stored[reduction.linalg.op.results[0]] = reduced
        _emit_points(elements, grid)


def _emit_points(elements: Elements, grid: Grid) -> None:
    kernel = elements.kernel
    has_columns = bool(kernel.result_dims(0))

    def row(outer: Indices) -> None:
        for_each_column(
            kernel, grid, lambda column: _emit_point(elements, (*outer, column) if has_columns else ())
        )

    for_each_row(kernel, grid, row)


def _emit_point(elements: Elements, indices: Indices) -> None:
    kernel = elements.kernel
    linalg = as_linalg(kernel.root)
    if linalg is None:
        _store(elements, 0, indices, elements.element(kernel.results[0], indices))
        return
    loops = loops_at(linalg, 0, indices)
    for number, value in enumerate(elements.generic(linalg, loops)):
        position = tuple(elements.evaluate(expr, loops) for expr in linalg.init_maps[number].results)
        _store(elements, number, position, value)


def _store(elements: Elements, result: int, indices: Indices, value: ir.Value) -> None:
    kernel = elements.kernel
    offset = elements.linear(indices, kernel.result_dims(result))
    elements.build.store(value, kernel.outputs[result], offset)


def _work_per_element(root: ir.Operation) -> int:
    """About how many steps an element takes: trips of the reductions that make it."""
    work = 1
    for view in root.block.operations:
        linalg = as_linalg(view.operation)
        if linalg is not None:
            for loop in linalg.reduction_loops:
                size = linalg.loop_sizes[loop]
                work *= _SIZE_GUESS if size is None else max(1, size)
    return work
