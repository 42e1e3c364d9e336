"""How the elements of a result are shared out among workgroups.

Results of one dimension are cut into stretches along x. Those of more are seen as rows of their innermost
dimension: rows are shared out along y, stretches of long rows along x. A workgroup gets about
`WORK_PER_WORKGROUP` steps, few enough to occupy all workers and many enough to hide what a workgroup costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gossamer.compiler.codegen.kernel import ConstantSource, CountExpr
from gossamer.compiler.codegen.kernel_function import KernelFunction
from gossamer.compiler.tensor.index_builder import Index

WORK_PER_WORKGROUP = 64 * 1024
_ROWS_OF_UNKNOWN_LENGTH = 16

_ONE = CountExpr()


@dataclass(frozen=True, slots=True)
class Grid:
    """Which part of a result a workgroup computes.

    Attributes:
        workgroup_count: x, y, z.
        rows: lower and upper bound of the row numbers.
        columns: lower and upper bound of the innermost index.
        outer: sizes of the dimensions that row numbers count, outermost first.
    """

    workgroup_count: tuple[CountExpr, CountExpr, CountExpr]
    rows: tuple[Index, Index]
    columns: tuple[Index, Index]
    outer: tuple[Index, ...]

    @staticmethod
    def whole() -> Grid:
        """One workgroup that computes everything."""
        return Grid((_ONE, _ONE, _ONE), (0, 1), (0, 1), ())


def distribute(
    kernel: KernelFunction,
    dims: Sequence[Index],
    work_per_element: int,
    *,
    least_rows: int = 1,
    least_columns: int = 1,
) -> Grid:
    """Share out a result of sizes `dims` of which each element takes `work_per_element` steps.

    Args:
        least_rows: a workgroup gets so many rows, and `least_columns` elements of each, whatever they cost.
    """
    budget = max(least_columns, WORK_PER_WORKGROUP // work_per_element)
    if not dims:
        return Grid.whole()
    *outer, inner = dims
    x, columns = _share(kernel, [inner], inner, budget, "id_x")
    row_length = min(inner, budget) if isinstance(inner, int) else budget // _ROWS_OF_UNKNOWN_LENGTH
    row_count = kernel.build.product(outer)
    tile = max(least_rows, budget // max(1, row_length))
    y, rows = _share(kernel, outer, row_count, tile, "id_y")
    return Grid((x, y, _ONE), rows, columns, tuple(outer))


def for_each_row(kernel: KernelFunction, grid: Grid, body: Callable[[tuple[Index, ...]], None]) -> None:
    """Append loops over a workgroup's rows; `body` gets the outer indices of one."""
    build = kernel.build

    def row(number: Index) -> None:
        indices: list[Index] = []
        for dim in reversed(grid.outer[1:]):
            indices.append(build.rem(number, dim))
            number = build.div(number, dim)
        indices.extend([number] if grid.outer else [])
        body(tuple(reversed(indices)))

    _for_each(kernel, grid.rows, row)


def for_each_column(kernel: KernelFunction, grid: Grid, body: Callable[[Index], None]) -> None:
    """Append a loop over the innermost indices that a workgroup has."""
    _for_each(kernel, grid.columns, body)


def for_each_stretch(kernel: KernelFunction, grid: Grid, length: int, body: Callable[[Grid], None]) -> None:
    """Append a loop over short stretches of a workgroup's columns; `body` gets the grid of one, all rows."""
    build = kernel.build
    lower, upper = grid.columns
    size = build.sub(upper, lower)

    def stretch(number: Index) -> None:
        start = build.add(lower, build.mul(number, length))
        count = length
        if not isinstance(size, int) or size % length:
            count = build.minimum(length, build.sub(upper, start))
        body(replace(grid, columns=(start, build.add(start, count))))

    build.each(0, build.ceil_div(size, length), stretch)


def _for_each(kernel: KernelFunction, bounds: tuple[Index, Index], body: Callable[[Index], None]) -> None:
    if bounds == (0, 1):
        body(0)
    else:
        kernel.build.each(*bounds, body)


def _share(
    kernel: KernelFunction, factors: Sequence[Index], size: Index, tile: int, number: str
) -> tuple[CountExpr, tuple[Index, Index]]:
    sources: list[int | ConstantSource] = []
    for factor in factors:
        source = kernel.source_of(factor)
        if source is None:
            return _ONE, (0, size)
        sources.append(source)
    count = CountExpr(tuple(sources), tile)
    if count.static_value is not None and count.static_value <= 1:
        return CountExpr((count.static_value,)), (0, size)
    build = kernel.build
    lower = build.mul(kernel.workgroup("id_x" if number == "id_x" else "id_y"), tile)
    return count, (lower, build.minimum(build.add(lower, tile), size))
