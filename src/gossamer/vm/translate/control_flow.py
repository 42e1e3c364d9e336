"""How the blocks of a function nest in structured text.

A block that one jump leads to stands where the jump is. Others are labelled: they stand in a loop that
dispatches on the number of the block to run next. A function without loops or merges has no dispatch.
"""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.vm.typed.typed_function import TypedFunction, TypedInstruction

MAX_DEPTH = 40
"""Why: Python refuses text of more than 100 levels; what is deeper is labelled."""


@dataclass(frozen=True, slots=True)
class ControlFlow:
    """Placement of blocks.

    Attributes:
        labels: number of each labelled block, by block index.
        closed: blocks from which every way ends in a return or failure without passing a label.
    """

    labels: dict[int, int]
    closed: frozenset[int]


def plan_control_flow(function: TypedFunction) -> ControlFlow:
    """Choose the labelled blocks of a function."""
    labels = [index for index, block in enumerate(function.blocks) if block.predecessor_count > 1]
    labels += _too_deep(function, set(labels))
    return ControlFlow(
        labels={index: number for number, index in enumerate(labels)},
        closed=_closed_blocks(function, set(labels)),
    )


def _closed_blocks(function: TypedFunction, labels: set[int]) -> frozenset[int]:
    closed: set[int] = set()
    parents: dict[int, int] = {}
    open_edges: dict[int, int] = {}
    pending: list[int] = []
    for index, block in enumerate(function.blocks):
        if block.instructions:
            open_edges[index] = len(block.terminator.edges)
            parents.update({edge.target: index for edge in block.terminator.edges})
            if not open_edges[index] and index not in labels:
                pending.append(index)
    while pending:
        # What is not labelled has one jump that leads to it, and so one parent.
        index = pending.pop()
        closed.add(index)
        parent = parents.get(index)
        if parent is None:
            continue
        open_edges[parent] -= 1
        if not open_edges[parent] and parent not in labels:
            pending.append(parent)
    return frozenset(closed)


def _too_deep(function: TypedFunction, labels: set[int]) -> list[int]:
    """Blocks to label so that nothing nests deeper than the limit."""
    added: list[int] = []
    pending = [(0, 0), *((label, 0) for label in labels if label != 0)]
    while pending:
        index, depth = pending.pop()
        if depth > MAX_DEPTH:
            added.append(index)
            depth = 0
        block = function.blocks[index]
        for edge in block.terminator.edges if block.instructions else ():
            if edge.target not in labels:
                pending.append((edge.target, depth + _nesting(block.terminator)))
    return added


def _nesting(terminator: TypedInstruction) -> int:
    return 1 if len(terminator.edges) > 1 or terminator.name == "fail" else 0
