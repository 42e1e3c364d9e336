"""Control flow graphs of VM functions."""

from __future__ import annotations

from gossamer.compiler.vm import ir


def successors(block: ir.Block) -> list[ir.Block]:
    """Blocks that a block's terminator branches to, in order, repeated where it names one twice."""
    return [successor.block for successor in block.operations[-1].successors]


def reverse_postorder(function: ir.Function) -> list[ir.Block]:
    """Reachable blocks, the entry first, each before its successors except along back edges."""
    entry = function.blocks[0]
    seen = {entry}
    postorder: list[ir.Block] = []
    stack = [(entry, iter(reversed(successors(entry))))]
    while stack:
        block, pending = stack[-1]
        following = next((successor for successor in pending if successor not in seen), None)
        if following is None:
            postorder.append(block)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(reversed(successors(following)))))
    return postorder[::-1]


def predecessors(blocks: list[ir.Block]) -> dict[ir.Block, list[ir.Block]]:
    """Predecessors of each block among `blocks`; one entry for each branch."""
    found: dict[ir.Block, list[ir.Block]] = {block: [] for block in blocks}
    for block in blocks:
        for successor in successors(block):
            found[successor].append(block)
    return found


def immediate_dominators(blocks: list[ir.Block]) -> dict[ir.Block, ir.Block]:
    """The closest other block that every path to a block passes; the entry has itself.

    Args:
        blocks: in reverse postorder.
    Source: Cooper, Harvey and Kennedy, A Simple, Fast Dominance Algorithm, 2001.
    """
    order = {block: index for index, block in enumerate(blocks)}
    before = predecessors(blocks)
    dominators = {blocks[0]: blocks[0]}

    def common(one: ir.Block, other: ir.Block) -> ir.Block:
        while one is not other:
            while order[one] > order[other]:
                one = dominators[one]
            while order[other] > order[one]:
                other = dominators[other]
        return one

    changed = True
    while changed:
        changed = False
        for block in blocks[1:]:
            known = [predecessor for predecessor in before[block] if predecessor in dominators]
            found = known[0]
            for predecessor in known[1:]:
                found = common(found, predecessor)
            if dominators.get(block) is not found:
                dominators[block] = found
                changed = True
    return dominators


def dominator_tree(blocks: list[ir.Block]) -> dict[ir.Block, list[ir.Block]]:
    """The blocks each block immediately dominates; `blocks` in reverse postorder."""
    dominators = immediate_dominators(blocks)
    children: dict[ir.Block, list[ir.Block]] = {block: [] for block in blocks}
    for block in blocks[1:]:
        children[dominators[block]].append(block)
    return children


def dominance_intervals(blocks: list[ir.Block]) -> dict[ir.Block, tuple[int, int]]:
    """Numbers of entering and leaving each block in a walk of the dominator tree.

    A block dominates another where its interval encloses the other's.
    """
    children = dominator_tree(blocks)
    entered: dict[ir.Block, int] = {}
    intervals: dict[ir.Block, tuple[int, int]] = {}
    clock = 0
    pending = [blocks[0]]
    while pending:
        clock += 1
        block = pending[-1]
        if block in entered:
            pending.pop()
            intervals[block] = (entered[block], clock)
        else:
            entered[block] = clock
            pending.extend(children[block])
    return intervals


def looping_blocks(blocks: list[ir.Block]) -> list[ir.Block]:
    """Blocks from the target of a back edge to its source, and maybe some more between them, in order.

    Args:
        blocks: in reverse postorder.
    """
    order = {block: index for index, block in enumerate(blocks)}
    # For each block, the last one from which control goes back to it; -1 where none does.
    last = [-1] * len(blocks)
    for index, block in enumerate(blocks):
        for successor in successors(block):
            if order[successor] <= index:
                last[order[successor]] = max(last[order[successor]], index)
    looping: list[ir.Block] = []
    end = -1
    for index, block in enumerate(blocks):
        end = max(end, last[index])
        if index <= end:
            looping.append(block)
    return looping
