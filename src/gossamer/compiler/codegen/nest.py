"""Loop nests that compute the results of a dispatch."""

from __future__ import annotations

from gossamer.compiler.codegen.accumulate import RowEmitter, RowReduction, find_row_reduction
from gossamer.compiler.codegen.distribution import Grid, distribute, for_each_column, for_each_row
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.extended import emit_extended
from gossamer.compiler.codegen.iteration import Indices, loops_at
from gossamer.compiler.codegen.kernel import CountExpr
from gossamer.compiler.codegen.kernel_function import KernelFunction
from gossamer.compiler.flow.extended_op import as_extended
from gossamer.compiler.flow.linalg_op import as_linalg
from gossamer.compiler.mlir import ir

_SIZE_GUESS = 256
_SHORTEST_ROW = 128


def emit_nest(kernel: KernelFunction) -> tuple[CountExpr, CountExpr, CountExpr]:
    """Append the loops of a kernel.

    Returns: how many workgroups share the work.
    """
    elements = Elements(kernel)
    elements.load_scalars()
    extended = as_extended(kernel.root)
    if extended is not None and extended.kind != "gather":
        return emit_extended(elements, extended).workgroup_count
    reduction = find_row_reduction(kernel)
    shortest_row = 1 if reduction is None else _SHORTEST_ROW
    grid = distribute(kernel, kernel.result_dims(0), _work_per_element(kernel), shortest_row)

    def row(outer: Indices) -> None:
        if reduction is None:
            _emit_columns(elements, grid, outer)
        else:
            _emit_reduced_row(elements, grid, reduction, outer)

    for_each_row(kernel, grid, row)
    return grid.workgroup_count


def _emit_columns(elements: Elements, grid: Grid, outer: Indices) -> None:
    has_columns = bool(elements.kernel.result_dims(0))
    for_each_column(
        elements.kernel,
        grid,
        lambda column: _emit_point(elements, (*outer, column) if has_columns else ()),
    )


def _emit_reduced_row(elements: Elements, grid: Grid, reduction: RowReduction, outer: Indices) -> None:
    kernel = elements.kernel
    RowEmitter(elements, reduction, outer, lambda body: for_each_column(kernel, grid, body)).emit()
    if reduction.consumer is None:
        return

    def reduced(indices: Indices) -> ir.Value:
        return elements.build.load(kernel.outputs[0], elements.linear(indices, kernel.result_dims(0)))

    elements.stored[reduction.linalg.op.results[0]] = reduced
    _emit_columns(elements, grid, outer)


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


def _work_per_element(kernel: KernelFunction) -> int:
    """About how many steps an element takes: trips of the reductions that make it."""
    work = 1
    for view in kernel.root.block.operations:
        linalg = as_linalg(view.operation)
        if linalg is not None:
            for loop in linalg.reduction_loops:
                size = linalg.loop_sizes[loop]
                work *= _SIZE_GUESS if size is None else max(1, size)
    return work
