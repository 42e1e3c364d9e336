"""A stable merge sort of lines of memory.

Each pass merges neighbouring stretches in pairs, twice as long as in the pass before:

    pass 0, width 1    5 | 2   9 | 1   4        the pairs (5, 2), (9, 1) and 4 by itself
    pass 1, width 2    2 5 | 1 9   4
    pass 2, width 4    1 2 5 9 | 4
                       1 2 4 5 9

A pair is merged into the scratch memory and copied back, so that the line is sorted in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gossamer.compiler.codegen.loop_builder import LoopBuilder
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index

_LARGEST_SIZE_BITS = 48

Offset = Callable[[Index], Index]
Precedes = Callable[[Index, Index], ir.Value]


@dataclass(frozen=True, slots=True)
class MergeSort:
    """Appends loops that sort lines, all alike, by merging ever longer stretches.

    Attributes:
        build: appends them.
        size: length of the lines.
        lines: memory that is sorted in place.
        scratch: as much memory again.
        offset: where in both the element at a position is.
        precedes: whether the element at one position has to come before that at another.
    """

    build: LoopBuilder
    size: Index
    lines: Sequence[ir.Value]
    scratch: Sequence[ir.Value]
    offset: Offset
    precedes: Precedes

    def emit(self) -> None:
        """Append all passes."""
        size = self.size
        passes = max(size - 1, 0).bit_length() if isinstance(size, int) else _LARGEST_SIZE_BITS
        self.build.each(0, passes, self._pass)

    def _pass(self, number: ir.Value) -> None:
        build = self.build
        width = build.op("arith.shli", [build.value(1), number], [build.index_type]).result
        step = build.mul(width, 2)
        is_needed = build.compare("slt", width, self.size)
        count = build.if_else(
            is_needed,
            build.index_type,
            lambda: build.value(build.ceil_div(self.size, step)),
            lambda: build.value(0),
        )
        build.each(0, count, lambda block: self._merge(build.mul(block, step), width))

    def _merge(self, low: Index, width: Index) -> None:
        build = self.build
        middle = build.minimum(build.add(low, width), self.size)
        high = build.minimum(build.add(middle, width), self.size)

        def place(position: ir.Value, heads: list[ir.Value]) -> list[ir.Value]:
            left, right = heads
            from_right = _takes_right(build, (left, middle), (right, high), self.precedes)
            self._copy(self.lines, _select(build, from_right, right, left), self.scratch, position)
            return [
                _select(build, from_right, left, build.value(build.add(left, 1))),
                _select(build, from_right, build.value(build.add(right, 1)), right),
            ]

        build.for_loop(low, high, build.values([low, middle]), place)
        build.each(low, high, lambda position: self._copy(self.scratch, position, self.lines, position))

    def _copy(
        self, sources: Sequence[ir.Value], source: Index, targets: Sequence[ir.Value], target: Index
    ) -> None:
        for memory, other in zip(sources, targets, strict=True):
            self.build.store(self.build.load(memory, self.offset(source)), other, self.offset(target))


def _takes_right(
    build: LoopBuilder, left: tuple[ir.Value, Index], right: tuple[ir.Value, Index], precedes: Precedes
) -> ir.Value:
    """Whether the next element comes from the right: where it has to, so that equals keep their order."""
    true, false = (_bool(build, value) for value in (True, False))
    return build.if_else(
        build.compare("slt", *right),
        build.i1_type,
        lambda: build.if_else(
            build.compare("slt", *left), build.i1_type, lambda: precedes(right[0], left[0]), lambda: true
        ),
        lambda: false,
    )


def _select(build: LoopBuilder, condition: ir.Value, true: ir.Value, false: ir.Value) -> ir.Value:
    return build.op("arith.select", [condition, true, false], [true.type]).result


def _bool(build: LoopBuilder, value: bool) -> ir.Value:
    return build.constant(ir.IntegerAttr.get(build.i1_type, int(value)), build.i1_type)
