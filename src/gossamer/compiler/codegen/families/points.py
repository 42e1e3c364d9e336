"""Results computed element by element: the family that serves all that can be asked for one element.

    for row of the workgroup:
      for column of the workgroup:
        result[row, column] = element(row, column)

A row that takes its elements from many rows of an input, as in a transposition, is computed a short stretch
at a time, while the lines of the input that the stretch reads are in the cache for the next rows too:

    for stretch of 16 columns:
      for row:
        for column in stretch:
          result[row, column] = element(row, column)
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.codegen.cost_model import steps_of_element
from gossamer.compiler.codegen.distribution import Distribution, distribute
from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.grid import for_each_stretch, locate
from gossamer.compiler.codegen.point_loops import emit_points
from gossamer.compiler.kernel_interface import KnownSize
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.linalg_op import as_linalg, dim_position
from gossamer.compiler.tensor.operations import operation_of

_STRETCH = 16


class Points:
    """The family of dispatches whose elements are computed one by one."""

    def matches(self, root: ir.Operation) -> bool:
        """All that does not compute its elements together."""
        row = operation_of(root)
        return row is not None and not row.is_whole

    def plan(self, root: ir.Operation, sizes: Sequence[KnownSize]) -> Distribution:
        """Share out rows and columns."""
        return distribute(sizes, steps_of_element(root))

    def emit(self, elements: Elements) -> None:
        """Append loops over the elements."""
        kernel = elements.kernel
        grid = locate(kernel)
        if _reads_down_columns(kernel.root):
            for_each_stretch(kernel, grid, _STRETCH, lambda part: emit_points(elements, part))
        else:
            emit_points(elements, grid)


def _reads_down_columns(op: ir.Operation) -> bool:
    """Whether a row of the result takes its elements from many rows of an input."""
    root = as_linalg(op)
    if root is None or not root.is_elementwise or root.loop_count < 2:
        return False
    innermost = dim_position(root.init_maps[0].results[-1])
    loops = [[dim_position(expr) for expr in map.results] for map in root.maps[: root.input_count]]
    return any(innermost in positions[:-1] for positions in loops)
