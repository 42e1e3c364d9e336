"""What is known about integer values inside a loop: which never change, and the intervals of the others.

Everything is relative to one outer loop. Its header's parameters are the roots: what they hold on entry is
given. Parameters that always hold one other value stand for that value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gossamer.vm.jit.analysis.interval import (
    I32_MAX,
    I32_MIN,
    I64_MAX,
    I64_MIN,
    UNKNOWN,
    Bound,
    Interval,
    Leaf,
    at_least,
    at_most,
    combine,
    constant,
    union,
)
from gossamer.vm.jit.analysis.interval_operations import INTERVAL_OPERATIONS, RESULT_INTERVALS
from gossamer.vm.jit.analysis.loops import Loop, nested_loops
from gossamer.vm.jit.analysis.sources import find_sources, resolve
from gossamer.vm.typed.expression import Literal
from gossamer.vm.typed.ssa import Operand, Operation, SsaFunction, Value

MAX_DEPTH = 64
"""Longer chains of operations say nothing about their result. Why: each is some Python frames deep."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """`low <= high` must hold on entry."""

    low: Bound
    high: Bound


@dataclass(frozen=True, slots=True)
class Fact:
    """A condition that holds (or not) in a block, known since `block`."""

    condition: Operand
    holds: bool
    block: int


class LoopValues:
    """Values of an SSA function as seen inside one loop.

    Attributes:
        requirements: what the intervals given out so far depend on.
    """

    def __init__(self, function: SsaFunction, loop: Loop, dominators: dict[int, int]) -> None:
        self.function = function
        self.loop = loop
        self.requirements: dict[Requirement, None] = {}
        self._dominators = dominators
        self._incoming = self._find_incoming()
        self._loops = {inner.header: inner for inner in nested_loops(loop)}
        self._same_as = self._find_aliases()
        self._facts = self._find_facts()
        self._bases: dict[Value, Interval] = {}
        self._memo: dict[tuple[Value, int], Interval] = {}
        self._pending: set[Value] = set()

    def resolve(self, operand: Operand) -> Operand:
        """The value that a parameter always holds; other operands are themselves."""
        return resolve(operand, self._same_as)

    def invariant_root(self, operand: Operand) -> int | None:
        """Index of the header parameter that an operand always equals, if that never changes."""
        value = self.resolve(operand)
        if not isinstance(value, Value) or value.operation is not None or value.block != self.loop.header:
            return None
        if any(self.resolve(passed) is not value for _, passed in self._incoming[value]):
            return None
        return self.function.blocks[self.loop.header].parameters.index(value)

    def incoming(self, parameter: Value) -> list[tuple[int, Operand]]:
        """(block, operand) of what jumps inside the loop pass to a parameter."""
        return self._incoming[parameter]

    def interval(self, operand: Operand, block: int) -> Interval:
        """Interval of an integer operand when it is read in a block of the loop."""
        value = self.resolve(operand)
        if isinstance(value, Literal):
            return constant(value.value, value.value) if isinstance(value.value, int) else UNKNOWN
        key = (value, block)
        if key not in self._memo:
            self._memo[key] = self._clamp(self._base(value), value, block)
        return self._memo[key]

    def require(self, low: Bound, high: Bound) -> bool:
        """Depend on `low <= high`; False where that is known to be wrong."""
        if isinstance(low, int) and isinstance(high, int):
            return low <= high
        self.requirements[Requirement(low, high)] = None
        return True

    def _find_incoming(self) -> dict[Value, list[tuple[int, Operand]]]:
        """What each parameter of the loop's blocks receives, from inside the loop only."""
        incoming: dict[Value, list[tuple[int, Operand]]] = {
            parameter: []
            for index in self.loop.blocks
            for parameter in self.function.blocks[index].parameters
        }
        for index in self.loop.blocks:
            for edge in self.function.blocks[index].edges:
                if edge.target in self.loop.blocks:
                    parameters = self.function.blocks[edge.target].parameters
                    for parameter, argument in zip(parameters, edge.arguments, strict=True):
                        incoming[parameter].append((index, argument))
        return incoming

    def _find_aliases(self) -> dict[Value, Operand]:
        inner = [value for value in self._incoming if value.block != self.loop.header]
        passed = {value: [operand for _, operand in self._incoming[value]] for value in inner}
        return find_sources(inner, passed)

    def _find_facts(self) -> dict[int, Fact]:
        """What the one way into a block tells about a condition."""
        entering: dict[int, list[Fact]] = {index: [] for index in self.loop.blocks}
        for index in self.loop.blocks:
            block = self.function.blocks[index]
            is_branch = block.terminator.name == "cond_br"
            for number, edge in enumerate(block.edges):
                if edge.target in entering:
                    condition = block.terminator.inputs[0] if is_branch else Literal("i", 1)
                    entering[edge.target].append(Fact(condition, number == 0, index))
        return {index: facts[0] for index, facts in entering.items() if len(facts) == 1}

    def _facts_at(self, block: int) -> Iterator[Fact]:
        while block != self.loop.header:
            fact = self._facts.get(block)
            if fact is not None:
                yield from self._expand(fact)
            block = self._dominators[block]

    def _expand(self, fact: Fact) -> Iterator[Fact]:
        condition = self.resolve(fact.condition)
        operation = condition.operation if isinstance(condition, Value) else None
        if operation is None:
            return
        yield Fact(condition, fact.holds, fact.block)
        inputs = [self.resolve(operand) for operand in operation.inputs]
        if operation.name == "and.i32" and fact.holds:
            for operand in inputs:
                yield from self._expand(Fact(operand, True, fact.block))
        elif _is_negation(operation.name, inputs):
            yield from self._expand(Fact(inputs[0], not fact.holds, fact.block))
        elif operation.name == "cmp.nz.i32":
            yield from self._expand(Fact(inputs[0], fact.holds, fact.block))

    def _clamp(self, interval: Interval, value: Value, block: int) -> Interval:
        for fact in self._facts_at(block):
            interval = self._clamp_by(interval, value, fact)
        return interval

    def _clamp_by(self, interval: Interval, value: Value, fact: Fact) -> Interval:
        assert isinstance(fact.condition, Value)
        operation = fact.condition.operation
        if operation is None or not operation.name.startswith("cmp."):
            return interval
        operands = [self.resolve(operand) for operand in operation.inputs]
        if value not in operands:
            return interval
        if operation.name in ("cmp.lt.i32.s", "cmp.lt.i64.s"):
            return self._clamp_less(interval, value, operands, fact)
        if operation.name in ("cmp.lt.i32.u", "cmp.lt.i64.u") and fact.holds and operands[0] is value:
            other = self.interval(operands[1], fact.block)
            if other.low is not None and other.high is not None and self.require(0, other.low):
                return at_most(at_least(interval, 0), combine("sub", other.high, 1))
        if operation.name in ("cmp.eq.i32", "cmp.eq.i64") and fact.holds:
            other = self.interval(operands[1] if operands[0] is value else operands[0], fact.block)
            return at_most(at_least(interval, other.low), other.high)
        return interval

    def _clamp_less(self, interval: Interval, value: Value, operands: list[Operand], fact: Fact) -> Interval:
        if operands[0] is value and operands[1] is not value:
            other = self.interval(operands[1], fact.block)
            if not fact.holds:
                return at_least(interval, other.low)
            return interval if other.high is None else at_most(interval, combine("sub", other.high, 1))
        other = self.interval(operands[0], fact.block)
        if not fact.holds:
            return at_most(interval, other.high)
        return interval if other.low is None else at_least(interval, combine("add", other.low, 1))

    def _base(self, value: Value) -> Interval:
        """Interval of a value wherever it is read."""
        if value in self._bases:
            return self._bases[value]
        if value in self._pending or len(self._pending) >= MAX_DEPTH:
            return UNKNOWN
        self._pending.add(value)
        found = self._parameter(value) if value.operation is None else self._operation(value.operation)
        self._pending.discard(value)
        self._bases[value] = found
        return found

    def _operation(self, operation: Operation) -> Interval:
        name = operation.name
        if name in RESULT_INTERVALS:
            return RESULT_INTERVALS[name]
        compute = INTERVAL_OPERATIONS.get(name)
        if compute is None or not operation.results:
            return UNKNOWN
        block = operation.results[0].block
        inputs = [self.interval(operand, block) for operand in operation.inputs]
        result = compute(self, inputs)
        if operation.results[0].kind == "i" and not self._fits_i32(result):
            return UNKNOWN
        return result

    def _fits_i32(self, interval: Interval) -> bool:
        if interval.low is None or interval.high is None:
            return True
        return self.require(I32_MIN, interval.low) and self.require(interval.high, I32_MAX)

    def _parameter(self, value: Value) -> Interval:
        loop = self._loops.get(value.block)
        if loop is None:
            return self._merge(self._incoming[value])
        steps = [(block, passed) for block, passed in self._incoming[value] if block in loop.blocks]
        if value.block == self.loop.header:
            parameter = self.function.blocks[value.block].parameters.index(value)
            entry = Interval(Leaf(parameter), Leaf(parameter))
        else:
            entry = self._merge([item for item in self._incoming[value] if item[0] not in loop.blocks])
        return self._induction(value, entry, steps)

    def _merge(self, incoming: list[tuple[int, Operand]]) -> Interval:
        merged: Interval | None = None
        for block, passed in incoming:
            interval = self.interval(passed, block)
            merged = interval if merged is None else union(merged, interval)
        return merged or UNKNOWN

    def _induction(self, value: Value, entry: Interval, steps: list[tuple[int, Operand]]) -> Interval:
        """Interval of a value that a loop leaves alone or only moves one way, checked not to wrap."""
        moves = [self._step(value, passed) for _, passed in steps]
        if any(move is None for move in moves):
            return UNKNOWN
        known = [move for move in moves if move is not None]
        amounts = [amount for amount, _ in known]
        if all(amount == 0 for amount in amounts):
            return entry
        if all(amount >= 0 for amount in amounts):
            provisional = Interval(entry.low, None)
        elif all(amount <= 0 for amount in amounts):
            provisional = Interval(None, entry.high)
        else:
            return UNKNOWN
        self._bases[value] = provisional
        if all(self._is_bounded_step(value, amount, block) for amount, block in known):
            return provisional
        # Why: intervals computed meanwhile may rest on the one that did not hold.
        self._memo.clear()
        self._bases.clear()
        return UNKNOWN

    def _step(self, value: Value, passed: Operand) -> tuple[int, int] | None:
        """(constant added, block where) of what a latch passes back, or None for anything else."""
        passed = self.resolve(passed)
        if passed is value:
            return 0, value.block
        operation = passed.operation if isinstance(passed, Value) else None
        if operation is None or operation.name not in ("add.i32", "add.i64", "sub.i32", "sub.i64"):
            return None
        lhs, rhs = (self.resolve(operand) for operand in operation.inputs)
        if rhs is value and operation.name.startswith("add"):
            lhs, rhs = rhs, lhs
        if lhs is not value or not isinstance(rhs, Literal) or not isinstance(rhs.value, int):
            return None
        return (rhs.value if operation.name.startswith("add") else -rhs.value), operation.results[0].block

    def _is_bounded_step(self, value: Value, amount: int, block: int) -> bool:
        if amount == 0:
            return True
        low, high = (I32_MIN, I32_MAX) if value.kind == "i" else (I64_MIN, I64_MAX)
        interval = self.interval(value, block)
        if amount > 0:
            return interval.high is not None and self.require(interval.high, high - amount)
        return interval.low is not None and self.require(low - amount, interval.low)


def _is_negation(name: str, inputs: list[Operand]) -> bool:
    """`xor` of a boolean with 1, or a comparison with 0."""
    if name == "xor.i32":
        return _is_literal(inputs[1], 1) and _is_boolean(inputs[0])
    return name == "cmp.eq.i32" and _is_literal(inputs[1], 0)


def _is_literal(operand: Operand, value: int) -> bool:
    return isinstance(operand, Literal) and operand.value == value


def _is_boolean(operand: Operand) -> bool:
    operation = operand.operation if isinstance(operand, Value) else None
    return operation is not None and operation.name.startswith("cmp.")
