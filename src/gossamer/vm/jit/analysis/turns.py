"""Where loops ask whether to go on: on their jumps backwards, but for loops that end soon by themselves.

A loop that goes through a buffer element by element, and was checked on entry to stay in the buffer, has no
more turns than the buffer has elements. Asking would only keep it from being vectorised. Nests of loops that
count from one constant to another, not far, are done before anybody would notice.

    for i < rows:                asks        a row may be long
      for j < columns:           does not    x[i * columns + j] is in bounds, and moves in each turn
        x[i * columns + j] = 0
    while flag[0]:               asks        the place does not move: it may go on for ever
      ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gossamer.vm.jit.analysis.interval import I32_MAX
from gossamer.vm.jit.analysis.loop_values import LoopValues
from gossamer.vm.jit.analysis.loops import (
    Loop,
    dominates,
    find_loops,
    immediate_dominators,
    nested_loops,
    reverse_post_order,
)
from gossamer.vm.jit.analysis.sources import function_sources, resolve
from gossamer.vm.jit.analysis.strides import Strides
from gossamer.vm.jit.analysis.variants import Variant
from gossamer.vm.jit.analysis.versioning import element_access
from gossamer.vm.typed.expression import Literal
from gossamer.vm.typed.ssa import ENTRY, Operand, Operation, SsaEdge, SsaFunction, Value

_FEW_TURNS = 1 << 16
"""Turns of a nest of loops, all together, that take some microseconds."""

_COMPARISONS = ("cmp.lt.i32.s", "cmp.lt.i64.s")
_STEPS = ("add.i32", "add.i64", "sub.i32", "sub.i64")


class LoopTurns:
    """The jumps of a function that end a turn of a loop."""

    def __init__(self, function: SsaFunction) -> None:
        successors = [[edge.target for edge in block.edges] for block in function.blocks]
        position = {block: index for index, block in enumerate(reverse_post_order(successors))}
        self._backward = {
            id(edge)
            for index, edge in _edges(function)
            if index in position and position[edge.target] <= position[index]
        }
        dominators = immediate_dominators(successors)
        loops = (find_loops(successors) or []) if self._backward else []
        self._bounding = {
            loop.header: _bounding_accesses(function, loop, dominators)
            for outermost in loops
            for loop in nested_loops(outermost)
            if not loop.children
        }
        self._short: set[int] = set()
        sources = function_sources(function)
        for loop in loops:
            self._find_short(function, loop, sources)

    def must_ask(self, variant: Variant, edge: SsaEdge) -> bool:
        """True where a jump of a variant ends a turn of a loop that may go on for long."""
        if id(edge) not in self._backward or edge.target in self._short:
            return False
        return variant.unchecked.isdisjoint(self._bounding.get(edge.target, ()))

    def _find_short(self, function: SsaFunction, loop: Loop, sources: Mapping[Value, Operand]) -> int | None:
        """Note the short nests in a loop, itself included; its turns, with those inside, where constant."""
        inner = [self._find_short(function, child, sources) for child in loop.children]
        turns = _constant_turns(function, loop, sources)
        if turns is None or None in inner:
            return None
        total = turns * (1 + sum(count for count in inner if count is not None))
        if total <= _FEW_TURNS:
            self._short.add(loop.header)
        return total


def _constant_turns(function: SsaFunction, loop: Loop, sources: Mapping[Value, Operand]) -> int | None:
    """How often a loop turns that counts up from a constant to a constant; None for others."""

    def find(operand: Operand) -> Operand:
        return resolve(operand, sources)

    header = function.blocks[loop.header]
    test = _operation(find(header.terminator.inputs[0])) if header.terminator.name == "cond_br" else None
    if test is None or test.name not in _COMPARISONS or header.edges[1].target in loop.blocks:
        return None
    counter, limit = (find(operand) for operand in test.inputs)
    if counter not in header.parameters or not isinstance(limit, Literal):
        return None
    position = header.parameters.index(counter)
    starts: set[object] = set()
    steps: set[int | None] = set()
    entering = [(ENTRY, function.entry), *_edges(function)]
    for block, edge in entering:
        if edge.target == loop.header and block in loop.blocks:
            steps.add(_step(find, counter, find(edge.arguments[position])))
        elif edge.target == loop.header:
            start = find(edge.arguments[position])
            starts.add(start.value if isinstance(start, Literal) else None)
    return _count_turns(starts, int(limit.value or 0), steps)


def _count_turns(starts: set[object], limit: int, steps: set[int | None]) -> int | None:
    if len(starts) != 1 or len(steps) != 1:
        return None
    (start,), (step,) = starts, steps
    # Why a limit on the last: it must not wrap round and begin anew.
    if not isinstance(start, int) or step is None or step < 1 or limit + step > I32_MAX:
        return None
    return max(0, -((start - limit) // step))


def _edges(function: SsaFunction) -> Iterator[tuple[int, SsaEdge]]:
    for index, block in enumerate(function.blocks):
        for edge in block.edges:
            yield index, edge


def _operation(operand: Operand) -> Operation | None:
    return operand.operation if isinstance(operand, Value) else None


def _bounding_accesses(function: SsaFunction, loop: Loop, dominators: dict[int, int]) -> set[Operation]:
    """Accesses that every turn of an innermost loop makes, each at another place than the turns before."""
    values = LoopValues(function, loop, dominators)
    latches = [
        index for index in loop.blocks for edge in function.blocks[index].edges if edge.target == loop.header
    ]
    counters = [
        value for value in function.blocks[loop.header].parameters if _is_counter(values, value, latches)
    ]
    strides = Strides(values, set(counters))
    found: set[Operation] = set()
    for index in loop.blocks:
        if not all(dominates(index, latch, dominators) for latch in latches):
            continue
        for operation in function.blocks[index].operations:
            if element_access(operation) is None or values.invariant_root(operation.inputs[0]) is None:
                continue
            form = strides.of(operation.inputs[1])
            # Why one counter: two could take back each other's steps.
            if form is not None and len(form) == 1 and None not in form.values():
                found.add(operation)
    return found


def _is_counter(values: LoopValues, parameter: Value, latches: list[int]) -> bool:
    """True where each turn adds the same number, not 0, to a parameter of a loop's header."""
    incoming = [passed for block, passed in values.incoming(parameter) if block in latches]
    steps = {_step(values.resolve, parameter, values.resolve(passed)) for passed in incoming}
    return len(steps) == 1 and not steps & {0, None}


def _step(find: Callable[[Operand], Operand], parameter: Operand, passed: Operand) -> int | None:
    operation = _operation(passed)
    if operation is None or operation.name not in _STEPS:
        return None
    added, step = (find(operand) for operand in operation.inputs)
    if added is not parameter or not isinstance(step, Literal) or not isinstance(step.value, int):
        return None
    return step.value if operation.name.startswith("add") else -step.value
