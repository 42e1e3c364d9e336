"""Reductions computed by rows of results: `row_matching` says which, `row_emission` shows the loops."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.codegen.cost_model import steps_of_element
from gossamer.compiler.codegen.distribution import Distribution, distribute
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.families.row_emission import LEAST_COLUMNS, LEAST_ROWS, RowEmitter
from gossamer.compiler.codegen.families.row_matching import find_row_reduction
from gossamer.compiler.codegen.grid import locate
from gossamer.compiler.codegen.iteration import Indices
from gossamer.compiler.codegen.point_loops import emit_points
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir


class RowReductions:
    """The family of reductions along whose results the inputs are contiguous."""

    def matches(self, root: ir.Operation) -> bool:
        """A reduction, or what follows one element by element."""
        return find_row_reduction(root) is not None

    def plan(self, root: ir.Operation, sizes: Sequence[KnownSize]) -> Distribution:
        """Share out rows and columns, enough of both to use again what is in the cache."""
        return distribute(sizes, steps_of_element(root), least_rows=LEAST_ROWS, least_columns=LEAST_COLUMNS)

    def emit(self, elements: Elements) -> None:
        """Append the reduction, then what follows: it reads an element where it stores its own."""
        kernel = elements.kernel
        reduction = find_row_reduction(kernel.root)
        assert reduction is not None
        grid = locate(kernel)
        RowEmitter(elements, reduction, grid).emit()
        if reduction.consumer is None:
            return

        def reduced(indices: Indices) -> ir.Value:
            return elements.build.load(kernel.outputs[0], elements.linear(indices, kernel.result_dims(0)))

        elements.stored[reduction.linalg.op.results[0]] = reduced
        emit_points(elements, grid)
