"""Where loops ask whether to go on: on their jumps backwards, but for loops that memory bounds.

A loop that goes through a buffer element by element, and was checked on entry to stay in the buffer, has no
more turns than the buffer has elements. Asking would only keep it from being vectorised.
"""

from __future__ import annotations

from gossamer.vm.jit.loop_values import LoopValues
from gossamer.vm.jit.loops import Loop, find_loops, immediate_dominators, nested_loops, reverse_post_order
from gossamer.vm.jit.ssa import Operand, Operation, SsaEdge, SsaFunction, Value
from gossamer.vm.jit.strides import Strides
from gossamer.vm.jit.variants import Variant
from gossamer.vm.jit.versioning import element_access
from gossamer.vm.translate.expression import Literal

_STEPS = ("add.i32", "add.i64", "sub.i32", "sub.i64")


class LoopTurns:
    """The jumps of a function that end a turn of a loop."""

    def __init__(self, function: SsaFunction) -> None:
        successors = [[edge.target for edge in block.edges] for block in function.blocks]
        position = {block: index for index, block in enumerate(reverse_post_order(successors))}
        self._backward = {
            id(edge)
            for index, block in enumerate(function.blocks)
            for edge in block.edges
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

    def must_ask(self, variant: Variant, edge: SsaEdge) -> bool:
        """True where a jump of a variant ends a turn of a loop that may go on for long."""
        if id(edge) not in self._backward:
            return False
        return variant.unchecked.isdisjoint(self._bounding.get(edge.target, ()))


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
        if not all(_dominates(index, latch, dominators) for latch in latches):
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
    steps = {_step(values, parameter, values.resolve(passed)) for passed in incoming}
    return len(steps) == 1 and not steps & {0, None}


def _step(values: LoopValues, parameter: Value, passed: Operand) -> int | None:
    operation = passed.operation if isinstance(passed, Value) else None
    if operation is None or operation.name not in _STEPS:
        return None
    added, step = (values.resolve(operand) for operand in operation.inputs)
    if added is not parameter or not isinstance(step, Literal) or not isinstance(step.value, int):
        return None
    return step.value if operation.name.startswith("add") else -step.value


def _dominates(candidate: int, block: int, dominators: dict[int, int]) -> bool:
    while block != candidate:
        parent = dominators[block]
        if parent == block:
            return False
        block = parent
    return True
