"""Appends loops, conditions and memory accesses to a kernel, and remembers what was computed already."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder

_T = TypeVar("_T")

# Spec: the integer predicates of `arith.cmpi`.
_PREDICATES = {"eq": 0, "ne": 1, "slt": 2, "sle": 3, "sgt": 4, "sge": 5, "ult": 6, "ule": 7}


class LoopBuilder(IndexBuilder):
    """An index builder that knows scf and memref too.

    Attributes:
        on_append: told of each operation appended.
    """

    def __init__(self, at: ir.InsertionPoint, location: ir.Location) -> None:
        super().__init__(at, location)
        self.on_append: Callable[[ir.Operation], None] | None = None
        self._known: list[dict[object, object]] = [{}]

    def memo(self, key: object, compute: Callable[[], _T]) -> _T:
        """What `compute` gave for `key` in this loop body or one around it, or gives now."""
        for known in self._known:
            if key in known:
                return known[key]  # pyright: ignore[reportReturnType]  # keys name the kind of value
        value = compute()
        self._known[-1][key] = value
        return value

    def op(
        self,
        name: str,
        operands: Sequence[ir.Value],
        results: Sequence[ir.Type],
        attributes: dict[str, ir.Attribute] | None = None,
        regions: int = 0,
    ) -> ir.Operation:
        """Append any operation, as `IndexBuilder.op` does."""
        appended = super().op(name, operands, results, attributes, regions)
        if self.on_append is not None:
            self.on_append(appended)
        return appended

    def value(self, index: Index) -> ir.Value:
        """An index as an MLIR value; a number is made once."""
        return self.memo(("constant", index), lambda: super(LoopBuilder, self).value(index))

    def forget(self) -> None:
        """Compute everything anew from here on: what is remembered may not be in scope."""
        self._known = [{}]

    def compare(self, predicate: str, lhs: Index, rhs: Index) -> bool | ir.Value:
        """Compare two indices; known at once where both are.

        Args:
            predicate: "eq", "slt", "sge" or "sgt", as `arith.cmpi` spells them.
            lhs: its left.
            rhs: its right.
        """
        if isinstance(lhs, int) and isinstance(rhs, int):
            return {
                "eq": lhs == rhs,
                "slt": lhs < rhs,
                "sle": lhs <= rhs,
                "sge": lhs >= rhs,
                "sgt": lhs > rhs,
            }[predicate]
        number = ir.IntegerAttr.get(
            ir.IntegerType.get_signless(64, self.location.context), _PREDICATES[predicate]
        )
        operands = [self.value(lhs), self.value(rhs)]
        return self.op("arith.cmpi", operands, [self.i1_type], {"predicate": number}).result

    def all_of(self, conditions: Sequence[bool | ir.Value]) -> bool | ir.Value:
        """Whether all conditions hold."""
        if any(condition is False for condition in conditions):
            return False
        unknown = [condition for condition in conditions if not isinstance(condition, bool)]
        if not unknown:
            return True
        result = unknown[0]
        for condition in unknown[1:]:
            result = self.op("arith.andi", [result, condition], [self.i1_type]).result
        return result

    def for_loop(
        self,
        lower: Index,
        upper: Index,
        initial: Sequence[ir.Value],
        body: Callable[[ir.Value, list[ir.Value]], Sequence[ir.Value]],
    ) -> list[ir.Value]:
        """Append a loop of step one.

        Args:
            lower: first index.
            upper: index behind the last one.
            initial: values carried into the first iteration.
            body: appends an iteration, given its index and the carried values; returns the next ones.
        Returns: the values carried out.
        """
        bounds = self.values([lower, upper, 1])
        types = [value.type for value in initial]
        loop = self.op("scf.for", [*bounds, *initial], types, regions=1)
        block = ir.Block.create_at_start(
            loop.regions[0], [self.index_type, *types], [self.location] * (1 + len(types))
        )
        index, *carried = block.arguments
        self._nested(block, lambda: body(index, list(carried)))
        return list(loop.results)

    def unrolled_loop(
        self,
        size: Index,
        factor: int,
        initial: Sequence[ir.Value],
        body: Callable[[list[Index], list[ir.Value]], Sequence[ir.Value]],
    ) -> list[ir.Value]:
        """Append a loop from zero that makes `factor` steps at once, and one that makes the steps left over.

            for i in 0 .. size:        for n in 0 .. size / 2:      with a factor of two
              step(i)                    step(2 n), step(2 n + 1)
                                       for i in size - size % 2 .. size:
                                         step(i)

        Args:
            size: how many steps.
            factor: how many at once.
            initial: values carried into the first iteration.
            body: as for `for_loop`, given the indices of one step or of `factor` steps.
        """
        carried = self.strided_loop(
            self.div(size, factor),
            factor,
            initial,
            lambda index, now: body([self.add(index, step) for step in range(factor)], now),
        )
        whole = self.sub(size, self.rem(size, factor))
        if isinstance(size, int) and whole == size:
            return carried
        return self.for_loop(whole, size, carried, lambda index, now: body([index], now))

    def strided_loop(
        self,
        count: Index,
        stride: int,
        initial: Sequence[ir.Value],
        body: Callable[[Index, list[ir.Value]], Sequence[ir.Value]],
    ) -> list[ir.Value]:
        """Append a loop of `count` iterations over the multiples of `stride`.

        A loop that steps by one and multiplies tells how far its accesses reach; a loop that steps by
        `stride` to a bound leaves that to number theory.

        Args:
            count: how many iterations.
            stride: from one index to the next.
            initial: values carried into the first iteration.
            body: as for `for_loop`.
        """
        if count == 0:
            return list(initial)
        return self.for_loop(0, count, initial, lambda number, now: body(self.mul(number, stride), now))

    def if_else(
        self,
        condition: bool | ir.Value,
        type: ir.Type,
        then: Callable[[], ir.Value],
        otherwise: Callable[[], ir.Value],
    ) -> ir.Value:
        """Append a choice between two ways to compute a value; only one of them is executed.

        Args:
            condition: made at once where it is known.
            type: of the value.
            then: appends the way to take where the condition holds.
            otherwise: appends the other one.
        """
        if isinstance(condition, bool):
            return then() if condition else otherwise()
        choice = self.op("scf.if", [condition], [type], regions=2)
        for region, branch in zip(choice.regions, (then, otherwise), strict=True):
            block = ir.Block.create_at_start(region, [])
            self._nested(block, lambda branch=branch: [branch()])
        return choice.result

    def when(self, condition: bool | ir.Value, body: Callable[[], None]) -> None:
        """Append what is only to be done where a condition holds."""
        if isinstance(condition, bool):
            if condition:
                body()
            return
        choice = self.op("scf.if", [condition], [], regions=2)
        block = ir.Block.create_at_start(choice.regions[0], [])
        with self.inside(block):
            body()
            self.op("scf.yield", [], [])

    def each(self, lower: Index, upper: Index, body: Callable[[ir.Value], None]) -> None:
        """Append a loop that carries nothing.

        Args:
            lower: first index.
            upper: index behind the last one.
            body: appends an iteration, given its index.
        """

        def iteration(index: ir.Value, carried: list[ir.Value]) -> list[ir.Value]:
            body(index)
            return carried

        self.for_loop(lower, upper, [], iteration)

    def load(self, memory: ir.Value, index: Index) -> ir.Value:
        """Append a load of an element of a one-dimensional memref."""
        type = ir.MemRefType(memory.type).element_type
        return self.op("memref.load", [memory, self.value(index)], [type]).result

    def store(self, value: ir.Value, memory: ir.Value, index: Index) -> None:
        """Append a store to an element of a one-dimensional memref.

        Args:
            value: of the memref's element type.
            memory: the memref.
            index: of the element.
        """
        self.op("memref.store", [value, memory, self.value(index)], [])

    def zero(self, type: ir.Type) -> ir.Value:
        """A zero of a scalar type."""
        if isinstance(type, ir.FloatType):
            return self.constant(ir.FloatAttr.get(type, 0.0, loc=self.location), type)
        if isinstance(type, ir.ComplexType):
            part = self.zero(type.element_type)
            return self.op("complex.create", [part, part], [type]).result
        return self.constant(ir.IntegerAttr.get(type, 0), type)

    @contextmanager
    def inside(self, block: ir.Block) -> Generator[None]:
        """Append to a block of a nested region; what is computed there is forgotten after."""
        outer = self.at
        self.at = ir.InsertionPoint(block)
        with self.forgetting():
            yield
        self.at = outer

    @contextmanager
    def forgetting(self) -> Generator[None]:
        """Forget, at the end of the `with` block, what was computed in it."""
        self._known.append({})
        yield
        self._known.pop()

    def _nested(self, block: ir.Block, body: Callable[[], Sequence[ir.Value]]) -> None:
        with self.inside(block):
            self.op("scf.yield", list(body()), [])

    def _binary(self, name: str, lhs: Index, rhs: Index) -> ir.Value:
        return self.memo((name, lhs, rhs), lambda: super(LoopBuilder, self)._binary(name, lhs, rhs))
