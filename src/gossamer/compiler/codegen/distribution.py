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

A `Distribution` is decided when the dispatch is formed; a `Grid` (`grid.py`) is what a kernel makes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gossamer.compiler.kernel_interface import CountExpr, KnownSize

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
