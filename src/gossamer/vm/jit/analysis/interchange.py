"""Loops that may run the other way round: a reduction inside a loop over neighbouring results.

    before                                       after

    for j = 0; j < n; j += 1:     results        for k = 0; k < m; k += 1:
      for k = 0; k < m; k += 1:   reduction        for j = 0; j < n; j += 1:
        s = c[j]                                     s = c[j]
        s = s + a[k] * b[k * n + j]                  s = s + a[k] * b[k * n + j]
        c[j] = s                                     c[j] = s

      each turn of k depends on the one              turns of j are independent, and their places
      before: no vectors                             next to each other: vectors of results

      c[0]: k=0, k=1, k=2, ...                       c[0]: k=0, k=1, k=2, ...    the same terms in the same
      c[1]: k=0, k=1, k=2, ...                       c[1]: k=0, k=1, k=2, ...    order: the same bits

Compilers of VM bytecode leave contractions in the first form. What makes the second one allowed:

    - it is a copy of a loop whose accesses are in bounds (nothing can fail half-way, in another order)
      and whose buffers do not overlap (see `versioning`);
    - one loop is inside the other, with no second one beside it, and nothing is loaded or stored after the
      inner one; what stands before it only computes, and is done again in each turn of the new inner loop;
    - each counter goes from a start to a limit that neither loop changes, by a constant step;
    - what is stored to is stored to once, at a place that moves by one element with j and by none with k
      (`strides`); it is loaded at that place only, and only beside the store.

There may be several reductions inside each other; they keep their order, and all go outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gossamer.vm.jit.analysis.loop_values import LoopValues
from gossamer.vm.jit.analysis.loops import Loop, nested_loops
from gossamer.vm.jit.analysis.strides import Strides
from gossamer.vm.jit.analysis.versioning import element_access
from gossamer.vm.jit.instructions.supported import is_pure
from gossamer.vm.typed.expression import Literal
from gossamer.vm.typed.ssa import Operand, Operation, SsaEdge, SsaFunction, Value

MIN_TRIP_COUNT = 8
"""Shorter loops over results gain nothing from vectors."""


@dataclass(frozen=True, slots=True)
class CountedLoop:
    """A loop of a chain: `for counter = start; counter < limit; counter += step`.

    Attributes:
        start: None where the counter starts with what the header's parameter is given.
        operations: of one iteration up to the loop inside, or to the end.
    """

    counter: Value
    start: Operand | None
    limit: Operand
    step: int
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Interchange:
    """A loop over results, and the reductions inside it, outermost first.

    Attributes:
        values: what values inside the loop stand for.
        exit: the jump that ends the loop.
    """

    results: CountedLoop
    reductions: tuple[CountedLoop, ...]
    values: LoopValues
    exit: SsaEdge


def find_interchanges(
    function: SsaFunction, outer: Loop, dominators: dict[int, int], roots: Mapping[Operation, int]
) -> dict[int, Interchange]:
    """Interchanges by the header of the loop over results.

    Args:
        outer: look in it and in the loops inside.
        roots: buffer of each access that is in bounds; buffers of different numbers do not overlap.
    """
    found: dict[int, Interchange] = {}
    taken: set[int] = set()
    for loop in nested_loops(outer):
        if loop.header in taken or not loop.children:
            continue
        interchange = _Search(function, loop, dominators, roots).run()
        if interchange is not None:
            found[loop.header] = interchange
            taken |= loop.blocks
    return found


class _Refused(Exception):
    """Something about the loops does not fit."""


class _Search:
    def __init__(
        self, function: SsaFunction, loop: Loop, dominators: dict[int, int], roots: Mapping[Operation, int]
    ) -> None:
        self.function = function
        self.loop = loop
        self.roots = roots
        self.values = LoopValues(function, loop, dominators)

    def run(self) -> Interchange | None:
        try:
            chain = self._chain()
            self._check_accesses(chain)
            return Interchange(chain[0], tuple(chain[1:]), self.values, self._exit())
        except _Refused:
            return None

    def _chain(self) -> list[CountedLoop]:
        chain: list[CountedLoop] = []
        loop: Loop | None = self.loop
        while loop is not None:
            if len(loop.children) > 1:
                raise _Refused
            child = loop.children[0] if loop.children else None
            chain.append(self._counted(loop, child))
            loop = child
        first = chain[0]
        if isinstance(first.limit, Literal) and isinstance(first.limit.value, int):
            starts = [passed for passed in self._entering(first.counter) if isinstance(passed, Literal)]
            if any(first.limit.value - int(start.value or 0) < MIN_TRIP_COUNT for start in starts):
                raise _Refused
        return chain

    def _entering(self, counter: Value) -> list[Operand]:
        """What the counter of the whole loop is given from outside."""
        position = self.function.blocks[counter.block].parameters.index(counter)
        return [
            edge.arguments[position]
            for index, block in enumerate(self.function.blocks)
            if index not in self.loop.blocks
            for edge in block.edges
            if edge.target == counter.block
        ]

    def _counted(self, loop: Loop, child: Loop | None) -> CountedLoop:
        header = self.function.blocks[loop.header]
        inside, _ = self._branches(loop)
        if not all(map(is_pure, header.operations)):
            raise _Refused
        condition = self.values.resolve(header.terminator.inputs[0])
        test = condition.operation if isinstance(condition, Value) else None
        if test is None or test.name != "cmp.lt.i64.s":
            raise _Refused
        counter = self._counter(loop)
        tested, limit = (self.values.resolve(operand) for operand in test.inputs)
        if tested is not counter or not self._is_invariant(limit):
            raise _Refused
        operations = [*header.operations, *self._path(inside, loop.header if child is None else child.header)]
        if child is not None:
            _, after = self._branches(child)
            if any(element_access(operation) for operation in self._path(after, loop.header)):
                raise _Refused
        start, step = self._start_and_step(loop, counter)
        return CountedLoop(counter, start, limit, step, tuple(operations))

    def _branches(self, loop: Loop) -> tuple[int, int]:
        """Where a loop's header goes: into the loop, out of it."""
        header = self.function.blocks[loop.header]
        if header.terminator.name != "cond_br":
            raise _Refused
        inside, outside = (edge.target for edge in header.edges)
        if inside not in loop.blocks or outside in loop.blocks:
            raise _Refused
        return inside, outside

    def _path(self, block: int, stop: int) -> list[Operation]:
        """Operations on the one way from a block to another, which is not included."""
        operations: list[Operation] = []
        while block != stop:
            current = self.function.blocks[block]
            if len(current.edges) != 1 or block not in self.loop.blocks:
                raise _Refused
            if not all(is_pure(operation) or operation in self.roots for operation in current.operations):
                raise _Refused
            operations += current.operations
            block = current.edges[0].target
        return operations

    def _counter(self, loop: Loop) -> Value:
        """The one parameter of a header that changes in the loop."""
        changing = [
            value
            for value in self.function.blocks[loop.header].parameters
            if self.values.resolve(value) is value and not self._is_invariant(value)
        ]
        if len(changing) != 1 or changing[0].kind != "I":
            raise _Refused
        return changing[0]

    def _is_invariant(self, operand: Operand) -> bool:
        return isinstance(operand, Literal) or self.values.invariant_root(operand) is not None

    def _start_and_step(self, loop: Loop, counter: Value) -> tuple[Operand | None, int]:
        start: Operand | None = None
        steps: set[int] = set()
        for block, passed in self.values.incoming(counter):
            if block in loop.blocks:
                steps.add(self._step(counter, self.values.resolve(passed)))
            else:
                start = self.values.resolve(passed)
                if not self._is_invariant(start):
                    raise _Refused
        if len(steps) != 1:
            raise _Refused
        return start, steps.pop()

    def _step(self, counter: Value, passed: Operand) -> int:
        operation = passed.operation if isinstance(passed, Value) else None
        if operation is None or operation.name != "add.i64":
            raise _Refused
        added, step = (self.values.resolve(operand) for operand in operation.inputs)
        if added is not counter or not isinstance(step, Literal) or not isinstance(step.value, int):
            raise _Refused
        return step.value

    def _check_accesses(self, chain: list[CountedLoop]) -> None:
        strides = Strides(self.values, {loop.counter for loop in chain})
        results = chain[0].counter
        innermost = chain[-1].operations
        accesses = [operation for loop in chain for operation in loop.operations if element_access(operation)]
        stored: dict[int, Operand] = {}
        for operation in accesses:
            if not operation.name.startswith("buffer.store"):
                continue
            index = self.values.resolve(operation.inputs[1])
            root = self.roots[operation]
            # Each iteration over results writes a place of its own, the same in all of its reductions.
            if operation not in innermost or root in stored or strides.of(index) != {results: 1}:
                raise _Refused
            stored[root] = index
        if not stored:
            raise _Refused
        for operation in accesses:
            index, root = self.values.resolve(operation.inputs[1]), self.roots[operation]
            # Why innermost: what stands before a reduction is done again in each of its turns.
            if root in stored and (index is not stored[root] or operation not in innermost):
                raise _Refused
            by_counter = strides.of(index)
            if by_counter is None or by_counter.get(results, 0) not in (0, 1):
                raise _Refused

    def _exit(self) -> SsaEdge:
        edge = self.function.blocks[self.loop.header].edges[1]
        if not all(self._is_invariant(self.values.resolve(argument)) for argument in edge.arguments):
            raise _Refused
        return edge
