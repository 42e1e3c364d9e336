"""Rows that are computed with values of whole rows: normalisations, softmax.

    for row of the workgroup:
      largest = max(x[row, *])                        a value of the row, in a register
      for column: result[row, column] = exp(x[row, column] - largest)
      sum = sum(result[row, *])                       the value that is kept is read where it is asked for
      for column: result[row, column] /= sum

What is a value of a row, and what may be kept, `tensor/row_values.py` says. The row stays in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.codegen.cost_model import steps_of_line
from gossamer.compiler.codegen.distribution import Distribution, distribute
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.families.lines import for_each_line
from gossamer.compiler.codegen.iteration import Indices
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.linalg_op import as_linalg
from gossamer.compiler.tensor.row_values import is_row_value, kept_value, sums_rows
from gossamer.compiler.tensor.tensor_op import shape_of

_STEPS_OF_ELEMENT = 4
"""About how often a row is gone through."""


class RowValues:
    """The family of dispatches that compute rows with reductions along them."""

    def matches(self, root: ir.Operation) -> bool:
        """Elementwise operations on rows, behind reductions of the same rows."""
        return sums_rows(root)

    def plan(self, root: ir.Operation, sizes: Sequence[KnownSize]) -> Distribution:
        """Share out whole rows."""
        *outer, length = sizes
        return distribute([*outer, 1], _STEPS_OF_ELEMENT * steps_of_line(length))

    def emit(self, elements: Elements) -> None:
        """Append loops over rows."""
        for_each_line(elements, lambda outer: _emit_row(elements, outer))


def _emit_row(elements: Elements, outer: Indices) -> None:
    kernel, build = elements.kernel, elements.build
    root = kernel.root
    dims = kernel.result_dims(0)
    members = [view.operation for view in root.block.operations]
    kept = kept_value(root, members)

    def each_column(value: ir.Value) -> None:
        def column(index: ir.Value) -> None:
            elements.store(0, (*outer, index), elements.element(value, (*outer, index)))

        build.each(0, dims[-1], column)

    for op in members:
        linalg = as_linalg(op)
        if linalg is not None and is_row_value(linalg, len(shape_of(root.results[0]))):
            # What is computed here is remembered for all of the row.
            elements.element(op.results[0], outer)
        elif linalg is not None and kept is not None and op.results[0] == kept:
            each_column(kept)
            elements.stored[kept] = lambda indices: build.load(
                kernel.outputs[0], elements.linear(indices, dims)
            )
    each_column(root.results[0])
    if kept is not None:
        del elements.stored[kept]
