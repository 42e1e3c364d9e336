"""Dominators and natural loops of a control flow graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Successors = Sequence[Sequence[int]]


@dataclass(eq=False, slots=True)
class Loop:
    """A natural loop.

    Attributes:
        header: the one block through which it is entered.
        blocks: its blocks, those of inner loops included.
        children: loops directly inside.
    """

    header: int
    blocks: set[int]
    children: list[Loop] = field(default_factory=list["Loop"])


def reverse_post_order(successors: Successors, entry: int = 0) -> list[int]:
    """Reachable blocks, each before its successors but for loops' back edges."""
    order: list[int] = []
    seen = {entry}
    stack = [(entry, iter(successors[entry]))]
    while stack:
        block, remaining = stack[-1]
        for successor in remaining:
            if successor not in seen:
                seen.add(successor)
                stack.append((successor, iter(successors[successor])))
                break
        else:
            order.append(block)
            stack.pop()
    order.reverse()
    return order


def immediate_dominators(successors: Successors, entry: int = 0) -> dict[int, int]:
    """Immediate dominator of each reachable block; the entry is its own."""
    order = reverse_post_order(successors, entry)
    position = {block: index for index, block in enumerate(order)}
    predecessors = _predecessors(successors, position)
    dominators = {entry: entry}
    changed = True
    while changed:
        changed = False
        for block in order[1:]:
            known = [predecessor for predecessor in predecessors[block] if predecessor in dominators]
            common = known[0]
            for other in known[1:]:
                common = _common_dominator(common, other, dominators, position)
            if dominators.get(block) != common:
                dominators[block] = common
                changed = True
    return dominators


def find_loops(successors: Successors, entry: int = 0) -> list[Loop] | None:
    """Outermost loops with their inner ones, or None where a cycle has several entries."""
    dominators = immediate_dominators(successors, entry)
    order = reverse_post_order(successors, entry)
    position = {block: index for index, block in enumerate(order)}
    predecessors = _predecessors(successors, position)
    loops: dict[int, Loop] = {}
    for block in order:
        for successor in successors[block]:
            if position[successor] > position[block]:
                continue
            if not dominates(successor, block, dominators):
                return None
            loop = loops.setdefault(successor, Loop(successor, {successor}))
            _collect_body(loop.blocks, block, predecessors)
    return _nest(sorted(loops.values(), key=lambda loop: len(loop.blocks)))


def nested_loops(loop: Loop) -> Iterator[Loop]:
    """A loop and all loops inside it."""
    yield loop
    for child in loop.children:
        yield from nested_loops(child)


def _nest(smallest_first: list[Loop]) -> list[Loop]:
    outermost: list[Loop] = []
    for index, loop in enumerate(smallest_first):
        parents = (other for other in smallest_first[index + 1 :] if loop.header in other.blocks)
        parent = next(parents, None)
        (outermost if parent is None else parent.children).append(loop)
    return outermost


def _collect_body(body: set[int], latch: int, predecessors: dict[int, list[int]]) -> None:
    pending = [latch]
    while pending:
        block = pending.pop()
        if block not in body:
            body.add(block)
            pending.extend(predecessors[block])


def dominates(candidate: int, block: int, dominators: dict[int, int]) -> bool:
    """Whether every way to a block goes through another one, or it is that block.

    Args:
        candidate: the other block.
        block: where ways lead.
        dominators: of each block, the nearest one that dominates it; the entry is its own.
    """
    while block != candidate:
        parent = dominators[block]
        if parent == block:
            return False
        block = parent
    return True


def _common_dominator(first: int, second: int, dominators: dict[int, int], position: dict[int, int]) -> int:
    while first != second:
        while position[first] > position[second]:
            first = dominators[first]
        while position[second] > position[first]:
            second = dominators[second]
    return first


def _predecessors(successors: Successors, reachable: dict[int, int]) -> dict[int, list[int]]:
    predecessors: dict[int, list[int]] = {block: [] for block in reachable}
    for block in reachable:
        for successor in successors[block]:
            predecessors[successor].append(block)
    return predecessors
