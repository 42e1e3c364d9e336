"""Reductions computed element by element: loops that carry the running values.

A sum of floats depends on itself at each step and so takes a whole addition's time for each. It is therefore
made of `_LANES` sums of every `_LANES`th step, which a machine with vectors adds to at once, put together
at the end; the same for products, minima and maxima. With four lanes instead of eight:

    sum = initial                sums = initial, -0.0, -0.0, -0.0
    for k in 0 .. size:          for n in 0 .. size / 4:
      sum += x[k]                  sums += x[4 n], x[4 n + 1], x[4 n + 2], x[4 n + 3]
                                 sum = (sums[0] + sums[2]) + (sums[1] + sums[3])
                                 for k in size - size % 4 .. size:
                                   sum += x[k]
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from gossamer.compiler.codegen import half_floats
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.linalg_op import LinalgOp
from gossamer.compiler.tensor.tensor_op import element_type

if TYPE_CHECKING:
    from gossamer.compiler.codegen.elements import Elements

_LANES = 8

# What each operation leaves as it was. -0.0, unlike 0.0, does so for both zeros.
_NEUTRAL = {
    "arith.addf": -0.0,
    "arith.mulf": 1.0,
    "arith.maximumf": float("-inf"),
    "arith.maxnumf": float("-inf"),
    "arith.minimumf": float("inf"),
    "arith.minnumf": float("inf"),
}

_ORDERED = ("arith.addf", "arith.mulf")
"""What gives other values in another order."""


def reduce(elements: Elements, linalg: LinalgOp, loops: dict[int, Index]) -> list[ir.Value]:
    """All results of a linalg operation for given parallel loop indices.

    Args:
        elements: of the kernel.
        linalg: a reduction or an elementwise operation.
        loops: index of each parallel loop.
    """
    if not linalg.reduction_loops:
        return elements.body(linalg, loops, [])
    return _Reduction(elements, linalg).emit(loops)


class _Reduction:
    def __init__(self, elements: Elements, linalg: LinalgOp) -> None:
        self._elements = elements
        self._build = elements.build
        self._linalg = linalg
        combiner = _float_combiner(linalg)
        depends_on_order = elements.kernel.keeps_order and combiner in _ORDERED
        self._combiner = None if depends_on_order else combiner
        self._rounds_steps = elements.kernel.rounds_steps

    def emit(self, loops: dict[int, Index]) -> list[ir.Value]:
        """Append the loops."""
        initial = self._elements.initial(self._linalg, loops)
        results = self._nest(0, loops, [self._widen(value) for value in initial])
        types = [value.type for value in initial]
        return [half_floats.narrow(self._build, *pair) for pair in zip(results, types, strict=True)]

    def _widen(self, value: ir.Value) -> ir.Value:
        return value if self._rounds_steps else half_floats.widen(self._build, value)

    def _nest(self, depth: int, loops: dict[int, Index], carried: list[ir.Value]) -> list[ir.Value]:
        reductions = self._linalg.reduction_loops
        loop = reductions[depth]
        size = self._elements.loop_bounds(self._linalg)[loop]
        if depth == len(reductions) - 1:
            if self._combiner and not (isinstance(size, int) and size < 2 * _LANES):
                return self._lanes(self._combiner, loop, size, loops, carried)
            return self._build.for_loop(
                0, size, carried, lambda index, now: self._step({**loops, loop: index}, now)
            )
        return self._build.for_loop(
            0, size, carried, lambda index, now: self._nest(depth + 1, {**loops, loop: index}, now)
        )

    def _lanes(
        self, combiner: str, loop: int, size: Index, loops: dict[int, Index], carried: list[ir.Value]
    ) -> list[ir.Value]:
        build = self._build
        (running,) = carried
        whole = build.sub(size, build.rem(size, _LANES))
        neutral = ir.FloatAttr.get(running.type, _NEUTRAL[combiner], loc=build.location)
        lanes = [running, *[build.constant(neutral, running.type)] * (_LANES - 1)]

        def iteration(index: Index, now: list[ir.Value]) -> list[ir.Value]:
            steps = [{**loops, loop: build.add(index, lane)} for lane in range(_LANES)]
            return [self._step(step, [lane])[0] for step, lane in zip(steps, now, strict=True)]

        lanes = build.strided_loop(build.div(size, _LANES), _LANES, lanes, iteration)
        while len(lanes) > 1:
            half = len(lanes) // 2
            pairs = zip(lanes[:half], lanes[half:], strict=True)
            lanes = [self._combine(combiner, *pair) for pair in pairs]
        if isinstance(size, int) and whole == size:
            return lanes
        return build.for_loop(whole, size, lanes, lambda index, now: self._step({**loops, loop: index}, now))

    def _combine(self, combiner: str, lhs: ir.Value, rhs: ir.Value) -> ir.Value:
        return self._build.op(combiner, [lhs, rhs], [lhs.type]).result

    def _step(self, loops: dict[int, Index], carried: list[ir.Value]) -> list[ir.Value]:
        types = [element_type(init) for init in self._linalg.inits]
        now = [half_floats.narrow(self._build, *pair) for pair in zip(carried, types, strict=True)]
        with nullcontext() if self._rounds_steps else half_floats.unrounded(self._build):
            values = self._elements.body(self._linalg, loops, now)
        return [self._widen(value) for value in values]


def _float_combiner(linalg: LinalgOp) -> str | None:
    """The operation by which each step combines the running value with one independent of it, if known."""
    if len(linalg.inits) != 1:
        return None
    running = linalg.body.arguments[linalg.input_count]
    users = [use.owner.operation for use in running.uses]
    *_, terminator = (view.operation for view in linalg.body.operations)
    if len(users) != 1 or users[0].name not in _NEUTRAL or users[0].results[0] != terminator.operands[0]:
        return None
    return users[0].name
