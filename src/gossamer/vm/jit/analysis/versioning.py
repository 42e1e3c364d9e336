"""Which loops get an unchecked copy, and what must hold on entry for it to run.

    before                                     after

    for i = 0; i < n; i += 1:                  if   0 <= 0                      `checks`: the least and the
      if not 0 <= i < length(a) / 4: fail       and n - 1 < length(a) / 4        greatest place of each access
      x = a[i]                                  and n - 1 < length(b) / 4        are in the buffer, which may
      if not 0 <= i < length(b) / 4: fail       and b is mutable                 be stored to
      b[i] = x + x                              and 0 <= n - 1                  `requirements`
                                                and (end(a) <= b                `disjoint`: buffers do not
                                                     or end(b) <= a):            overlap
                                                  for i: x = a[i]; b[i] = x + x    fast: LLVM vectorises it
                                               else:
                                                  for i: as before                 checked: says what failed

    The ends of what `i` can be are computed from values that do not change in the loop (`loop_values`), with
    overflow noticed (`emit.range_check`). What cannot be bounded stays checked in both copies.

A loop is planned as a whole with the loops inside it: one decision on entry to the outermost one serves all.
Where an access cannot be bounded relative to the outer loop it may still be relative to an inner one, which
then gets copies of its own inside the outer's fast copy:

    for i:                          fast(i):                       checked(i):
      x = a[i]                        x = a[i]                       x = a[i]          checked
      for k = 0; k < x:               if k's places fit:             for k:
        b[k] = 0                        fast(k)                        b[k] = 0        checked
                                      else: checked(k)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gossamer.vm.jit.analysis.interval import Bound
from gossamer.vm.jit.analysis.loop_values import LoopValues, Requirement
from gossamer.vm.jit.analysis.loops import Loop, find_loops, immediate_dominators
from gossamer.vm.typed.ssa import Operation, SsaFunction

MAX_DISTINCT_BUFFERS = 8
"""Loops over more buffers than this are not checked for overlap."""


@dataclass(frozen=True, slots=True)
class AccessCheck:
    """All of `low..high`, in elements, must lie in a buffer that is there and, for stores, mutable.

    Attributes:
        root: index of the header parameter that is the buffer.
    """

    root: int
    element_bytes: int
    is_store: bool
    low: Bound
    high: Bound


@dataclass(slots=True)
class LoopPlan:
    """How one loop is versioned.

    Attributes:
        unchecked: accesses that need no check of their own where `checks` and `requirements` hold.
        roots: header parameter of each access whose buffer does not change in the loop.
        disjoint: pairs of header parameters whose buffers must not overlap, where one is stored to.
        children: plans of loops inside, for the accesses this plan leaves checked.
    """

    loop: Loop
    unchecked: set[Operation] = field(default_factory=set[Operation])
    checks: dict[AccessCheck, None] = field(default_factory=dict[AccessCheck, None])
    requirements: tuple[Requirement, ...] = ()
    roots: dict[Operation, int] = field(default_factory=dict[Operation, int])
    disjoint: tuple[tuple[int, int], ...] = ()
    children: dict[int, LoopPlan] = field(default_factory=dict[int, "LoopPlan"])


def element_access(operation: Operation) -> tuple[int, bool] | None:
    """(bytes, is a store) of a load or store of one element; None for other operations."""
    prefix, _, rest = operation.name.partition(".")
    direction, _, type_ = rest.partition(".")
    if prefix != "buffer" or direction not in ("load", "store"):
        return None
    return int(type_.partition(".")[0][1:]) // 8, direction == "store"


def plan_loops(function: SsaFunction) -> dict[int, LoopPlan]:
    """Plans of the loops worth versioning, by header; none inside another of them."""
    successors = [[edge.target for edge in block.edges] for block in function.blocks]
    loops = find_loops(successors)
    if loops is None:
        return {}
    dominators = immediate_dominators(successors)
    return _plan_all(function, loops, dominators, set())


def _plan_all(
    function: SsaFunction, loops: list[Loop], dominators: dict[int, int], done: set[Operation]
) -> dict[int, LoopPlan]:
    plans: dict[int, LoopPlan] = {}
    for loop in loops:
        plan = _plan_loop(function, loop, dominators, done)
        children = _plan_all(function, loop.children, dominators, done | plan.unchecked)
        if plan.unchecked:
            plan.children = children
            plans[loop.header] = plan
        else:
            plans.update(children)
    return plans


def _plan_loop(
    function: SsaFunction, loop: Loop, dominators: dict[int, int], done: set[Operation]
) -> LoopPlan:
    plan = LoopPlan(loop)
    values = LoopValues(function, loop, dominators)
    stored: set[int] = set()
    for block, operation in _loop_operations(function, loop):
        access = element_access(operation)
        if access is None:
            continue
        root = values.invariant_root(operation.inputs[0])
        if root is None:
            continue
        element_bytes, is_store = access
        plan.roots[operation] = root
        if is_store:
            stored.add(root)
        if operation in done:
            continue
        interval = values.interval(operation.inputs[1], block)
        if interval.low is not None and interval.high is not None:
            plan.unchecked.add(operation)
            plan.checks[AccessCheck(root, element_bytes, is_store, interval.low, interval.high)] = None
    plan.requirements = tuple(values.requirements)
    roots = sorted(set(plan.roots.values()))
    if len(roots) <= MAX_DISTINCT_BUFFERS:
        plan.disjoint = tuple(
            (first, second)
            for index, first in enumerate(roots)
            for second in roots[index + 1 :]
            if first in stored or second in stored
        )
    return plan


def _loop_operations(function: SsaFunction, loop: Loop) -> Iterator[tuple[int, Operation]]:
    for index in sorted(loop.blocks):
        for operation in function.blocks[index].operations:
            yield index, operation
