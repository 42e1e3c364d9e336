"""How the elements of a result are shared out among workgroups.

Results of one dimension are cut into stretches along x. Those of more are seen as rows of their innermost
dimension: rows are shared out along y, stretches of long rows along x. A workgroup gets about
`WORK_PER_WORKGROUP` steps, few enough to occupy all workers and many enough to hide what a workgroup costs.

              x = 0    1    2
            ┌────────┬────────┬───┐
    y = 0   │        │        │   │   a cell for each workgroup: `rows.tile` rows,
            ├────────┼────────┼───┤   `columns.tile` elements of each
        1   │        │        │   │
            └────────┴────────┴───┘

A `Distribution` is decided when the dispatch is formed; a `Grid` is what a kernel makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from gossamer.compiler.kernel_interface import CountExpr, KnownSize
from gossamer.compiler.tensor.index_builder import Index

if TYPE_CHECKING:
    from gossamer.compiler.codegen.kernel_function import KernelFunction

WORK_PER_WORKGROUP = 64 * 1024
_ROWS_OF_UNKNOWN_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Share:
    """How one axis of workgroups shares out the product of `sizes`.

    Attributes:
        tile: how much of it a workgroup gets, or None where one workgroup gets it all.
    """

    sizes: tuple[KnownSize, ...]
    tile: int | None = None

    @property
    def count(self) -> CountExpr:
        """How many workgroups there are."""
        if self.tile is not None:
            return CountExpr(self.sizes, self.tile)
        # A product of zero needs no workgroup.
        return CountExpr((0,)) if 0 in self.sizes else CountExpr()


@dataclass(frozen=True, slots=True)
class Distribution:
    """Which part of a result each workgroup computes.

    Attributes:
        columns: of the innermost dimension, along x.
        rows: of the other dimensions, outermost first, along y.
    """

    columns: Share
    rows: Share

    @property
    def workgroup_count(self) -> tuple[CountExpr, CountExpr, CountExpr]:
        """x, y, z."""
        return self.columns.count, self.rows.count, CountExpr()


WHOLE = Distribution(Share((1,)), Share(()))
"""One workgroup that computes everything."""


def distribute(
    sizes: Sequence[KnownSize], work_per_element: int, *, least_rows: int = 1, least_columns: int = 1
) -> Distribution:
    """Share out a result of which each element takes `work_per_element` steps.

    Args:
        sizes: of the result's dimensions.
        work_per_element: steps.
        least_rows: a workgroup gets so many rows, and `least_columns` elements of each, whatever they cost.
        least_columns: elements.
    """
    budget = max(least_columns, WORK_PER_WORKGROUP // work_per_element)
    if not sizes:
        return WHOLE
    *outer, inner = sizes
    row_length = min(inner, budget) if isinstance(inner, int) else budget // _ROWS_OF_UNKNOWN_LENGTH
    tile = max(least_rows, budget // max(1, row_length))
    return Distribution(_share((inner,), budget), _share(tuple(outer), tile))


def _share(sizes: tuple[KnownSize, ...], tile: int) -> Share:
    count = CountExpr(sizes, tile).static_value
    return Share(sizes, None if count is not None and count <= 1 else tile)


@dataclass(frozen=True, slots=True)
class Grid:
    """Which part of a result a workgroup computes, as values of its kernel.

    Attributes:
        rows: lower and upper bound of the row numbers.
        columns: lower and upper bound of the innermost index.
        outer: sizes of the dimensions that row numbers count, outermost first.
    """

    rows: tuple[Index, Index]
    columns: tuple[Index, Index]
    outer: tuple[Index, ...]


def locate(kernel: KernelFunction) -> Grid:
    """Append what tells the part of a workgroup from its number."""
    build, distribution = kernel.build, kernel.distribution
    (inner,), outer = distribution.columns.sizes, distribution.rows.sizes
    columns = _bounds(kernel, distribution.columns, kernel.known(inner), "id_x")
    sizes = tuple(kernel.known(size) for size in outer)
    rows = _bounds(kernel, distribution.rows, build.product(sizes), "id_y")
    return Grid(rows, columns, sizes)


def _bounds(
    kernel: KernelFunction, share: Share, size: Index, number: Literal["id_x", "id_y"]
) -> tuple[Index, Index]:
    if share.tile is None:
        return 0, size
    build = kernel.build
    lower = build.mul(kernel.workgroup(number), share.tile)
    return lower, build.minimum(build.add(lower, share.tile), size)


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
