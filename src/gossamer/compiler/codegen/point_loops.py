"""Loops that compute a workgroup's part of a dispatch's results element by element."""

from __future__ import annotations

from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.grid import Grid, for_each_column, for_each_row
from gossamer.compiler.codegen.iteration import Indices, loops_at
from gossamer.compiler.tensor.linalg_op import as_linalg


def emit_points(elements: Elements, grid: Grid) -> None:
    """Append the loops over the elements of a grid."""
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
        elements.store(0, indices, elements.element(kernel.results[0], indices))
        return
    loops = loops_at(linalg, 0, indices)
    for number, value in enumerate(elements.generic(linalg, loops)):
        position = tuple(elements.evaluate(expr, loops) for expr in linalg.init_maps[number].results)
        elements.store(number, position, value)
