"""Emits reductions that keep rows of accumulators in the result's memory.

The reduction's innermost loop is cut into blocks. For one block after the other, each row of the workgroup
takes the block's steps, a few at once: what the steps of a block read of inputs that vary along the row stays
in the nearest cache for all rows. A few rows take them together, so that it is loaded once for these. A
product of matrices, element by element and as it is emitted, here for one row at a time:

    for row, column:                        for row, column: c[row, column] = initial
      sum = initial                         for block of k:        # b's rows of the block stay in the cache
      for k:                                  for row:
        sum += a[row, k] * b[k, column]         for k in the block, 4 at once:
      c[row, column] = sum                        a0 .. a3 = a[row, k .. k + 3]
                                                  for column:      # neighbours in c and in b
                                                    sum = c[row, column]
                                                    sum += a0 * b[k, column]
                                                    ...
                                                    sum += a3 * b[k + 3, column]
                                                    c[row, column] = sum
"""

from __future__ import annotations

from collections.abc import Callable

from gossamer.compiler.codegen.elements import Elements
from gossamer.compiler.codegen.families.row_matching import RowReduction
from gossamer.compiler.codegen.grid import Grid, for_each_column, for_each_row, for_each_rows
from gossamer.compiler.codegen.iteration import Indices
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index

LEAST_COLUMNS = 512
LEAST_ROWS = 16

_STEPS_AT_ONCE = 4
_ROWS_AT_ONCE = 4
_ELEMENTS_OF_BLOCK = 8 * 1024

Steps = dict[int, Index]
"""Indices of reduction loops."""


class RowEmitter:
    """Appends what computes a reduction's elements of a workgroup into the memory of the kernel's results."""

    def __init__(self, elements: Elements, reduction: RowReduction, grid: Grid) -> None:
        self._elements = elements
        self._build = elements.build
        self._kernel = elements.kernel
        self._reduction = reduction
        self._linalg = reduction.linalg
        self._grid = grid
        self._memory = elements.kernel.outputs[: len(reduction.linalg.inits)]

    def emit(self) -> None:
        """Append the loops: initial values, then the steps of the reduction."""
        self._rows(lambda outer: self._columns(lambda column: self._start(outer, column)))
        self._nest(0, {})

    def _nest(self, depth: int, steps: Steps) -> None:
        reductions = self._linalg.reduction_loops
        loop = reductions[depth]
        size = self._elements.loop_bounds(self._linalg)[loop]
        if depth < len(reductions) - 1:
            self._build.each(0, size, lambda index: self._nest(depth + 1, {**steps, loop: index}))
        else:
            self._blocks(loop, size, steps)

    def _blocks(self, loop: int, size: Index, steps: Steps) -> None:
        build = self._build
        length = self._block_length()
        if self._grid.rows == (0, 1) or (isinstance(size, int) and size <= length):
            self._several_rows(lambda rows: self._block(rows, loop, 0, size, steps))
            return

        def block(number: ir.Value) -> None:
            lower = build.mul(number, length)
            count = length
            if not isinstance(size, int) or size % length:
                count = build.minimum(length, build.sub(size, lower))
            self._several_rows(lambda rows: self._block(rows, loop, lower, count, steps))

        build.each(0, build.ceil_div(size, length), block)

    def _block_length(self) -> int:
        lower, upper = self._grid.columns
        columns = upper - lower if isinstance(lower, int) and isinstance(upper, int) else LEAST_COLUMNS
        return max(_ELEMENTS_OF_BLOCK // max(columns, 1), _STEPS_AT_ONCE) // _STEPS_AT_ONCE * _STEPS_AT_ONCE

    def _block(self, rows: list[Indices], loop: int, lower: Index, count: Index, steps: Steps) -> None:
        def take(numbers: list[Index], carried: list[ir.Value]) -> list[ir.Value]:
            indices = [self._build.add(lower, number) for number in numbers]
            self._pass(rows, [{**steps, loop: index} for index in indices])
            return carried

        self._build.unrolled_loop(count, _STEPS_AT_ONCE, [], take)

    def _pass(self, rows: list[Indices], steps: list[Steps]) -> None:
        for outer in rows:
            for step in steps:
                self._load_constants_of_row(outer, step)
        self._columns(lambda column: self._advance(rows, column, steps))

    def _load_constants_of_row(self, outer: Indices, step: Steps) -> None:
        # What does not change along the row is remembered from here, and so not loaded for each column.
        elements, linalg = self._elements, self._linalg
        loops = {**self._reduction.loops(elements, (*outer, 0)), **step}
        for position, operand in enumerate(linalg.inputs):
            if not self._reduction.varies_along_row(position):
                elements.operand(linalg, position, operand, loops, elements.loop_bounds(linalg))

    def _start(self, outer: Indices, column: Index) -> None:
        loops = self._reduction.loops(self._elements, (*outer, column))
        self._store(outer, column, self._elements.initial(self._linalg, loops))

    def _advance(self, rows: list[Indices], column: Index, steps: list[Steps]) -> None:
        positions = [self._offset(outer, column) for outer in rows]
        sums = [[self._build.load(memory, position) for memory in self._memory] for position in positions]
        for row, outer in enumerate(rows):
            parallel = self._reduction.loops(self._elements, (*outer, column))
            for step in steps:
                sums[row] = self._elements.body(self._linalg, {**parallel, **step}, sums[row])
        for outer, values in zip(rows, sums, strict=True):
            self._store(outer, column, values)

    def _store(self, outer: Indices, column: Index, values: list[ir.Value]) -> None:
        for memory, value in zip(self._memory, values, strict=True):
            self._build.store(value, memory, self._offset(outer, column))

    def _offset(self, outer: Indices, column: Index) -> Index:
        return self._elements.linear((*outer, column), self._kernel.result_dims(0))

    def _rows(self, body: Callable[[Indices], None]) -> None:
        for_each_row(self._kernel, self._grid, body)

    def _several_rows(self, body: Callable[[list[Indices]], None]) -> None:
        for_each_rows(self._kernel, self._grid, _ROWS_AT_ONCE, body)

    def _columns(self, body: Callable[[Index], None]) -> None:
        for_each_column(self._kernel, self._grid, body)
