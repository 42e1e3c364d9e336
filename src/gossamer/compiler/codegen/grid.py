"""A workgroup's part of a result, as values of a kernel, and loops over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from gossamer.compiler.codegen.distribution import Share
from gossamer.compiler.codegen.kernel_function import KernelFunction
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index


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
    """Append loops over a workgroup's rows.

    Args:
        kernel: where they go.
        grid: the workgroup's part.
        body: appends what is done for a row, given its indices but the innermost.
    """
    _for_each(kernel, grid.rows, lambda number: body(_row_indices(kernel, grid, number)))


def for_each_rows(
    kernel: KernelFunction, grid: Grid, count: int, body: Callable[[list[tuple[Index, ...]]], None]
) -> None:
    """Append loops over a workgroup's rows, `count` at once, and one by one over those left over.

    Args:
        kernel: where they go.
        grid: the workgroup's part.
        count: rows.
        body: appends what is done for some rows, given the indices of each but the innermost.
    """
    build = kernel.build
    lower, upper = grid.rows

    def rows(numbers: list[Index], carried: list[ir.Value]) -> list[ir.Value]:
        body([_row_indices(kernel, grid, build.add(lower, number)) for number in numbers])
        return carried

    size = build.sub(upper, lower)
    if size == 1:
        rows([0], [])
    else:
        build.unrolled_loop(size, count, [], rows)


def _row_indices(kernel: KernelFunction, grid: Grid, number: Index) -> tuple[Index, ...]:
    build = kernel.build
    indices: list[Index] = []
    for dim in reversed(grid.outer[1:]):
        indices.append(build.rem(number, dim))
        number = build.div(number, dim)
    indices.extend([number] if grid.outer else [])
    return tuple(reversed(indices))


def for_each_column(kernel: KernelFunction, grid: Grid, body: Callable[[Index], None]) -> None:
    """Append a loop over the innermost indices that a workgroup has.

    Args:
        kernel: where it goes.
        grid: the workgroup's part.
        body: appends what is done for an index.
    """
    _for_each(kernel, grid.columns, body)


def for_each_stretch(kernel: KernelFunction, grid: Grid, length: int, body: Callable[[Grid], None]) -> None:
    """Append a loop over short stretches of a workgroup's columns.

    Args:
        kernel: where it goes.
        grid: the workgroup's part.
        length: columns of a stretch.
        body: appends what is done for a stretch, given the part of the workgroup that it is, all rows.
    """
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
