"""Which values are live where.

Only values used outside the block that defines them take part in the data flow: there are few of them even
in large functions.
"""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.cfg import successors


@dataclass(frozen=True, slots=True)
class Liveness:
    """Live values at the edges of blocks.

    Attributes:
        live_in: values defined before a block and used in it or after it; its arguments are not among them.
        live_out: values defined in or before a block and used after it, other than as arguments of a branch.
    """

    live_in: dict[ir.Block, frozenset[ir.Value]]
    live_out: dict[ir.Block, frozenset[ir.Value]]


def uses(operation: ir.Operation) -> list[ir.Value]:
    """Values an operation reads: its operands, then its branches' arguments."""
    values = list(operation.operands)
    for successor in operation.successors:
        values.extend(successor.arguments)
    return values


def compute_liveness(blocks: list[ir.Block]) -> Liveness:
    """Compute liveness by iterating to a fixed point.

    Args:
        blocks: all reachable blocks, in reverse postorder.
    """
    exposed = {block: _exposed_uses(block) for block in blocks}
    crossing = {
        value: index for index, value in enumerate({v: None for used in exposed.values() for v in used})
    }
    # Sets of values as bits of integers: unions are what the iteration spends its time on.
    generated = {block: sum(1 << crossing[value] for value in exposed[block]) for block in blocks}
    killed = {block: _defined_bits(block, crossing) for block in blocks}
    live_in, live_out = _solve(blocks, generated, killed)
    values = list(crossing)
    return Liveness(
        {block: _members(live_in[block], values) for block in blocks},
        {block: _members(live_out[block], values) for block in blocks},
    )


def dead_arguments(block: ir.Block, liveness: Liveness) -> list[ir.Value]:
    """Arguments of a block that nothing reads."""
    used = {value for operation in block.operations for value in uses(operation)}
    return [value for value in block.arguments if value not in used and value not in liveness.live_out[block]]


def _solve(
    blocks: list[ir.Block], generated: dict[ir.Block, int], killed: dict[ir.Block, int]
) -> tuple[dict[ir.Block, int], dict[ir.Block, int]]:
    live_in = dict(generated)
    live_out = dict.fromkeys(blocks, 0)
    changed = True
    while changed:
        changed = False
        for block in reversed(blocks):
            after = 0
            for successor in successors(block):
                after |= live_in[successor]
            if after != live_out[block]:
                live_out[block] = after
                live_in[block] = generated[block] | after & ~killed[block]
                changed = True
    return live_in, live_out


def _exposed_uses(block: ir.Block) -> dict[ir.Value, None]:
    defined = set(block.arguments)
    exposed: dict[ir.Value, None] = {}
    for operation in block.operations:
        exposed.update((value, None) for value in uses(operation) if value not in defined)
        defined.update(operation.results)
    return exposed


def _defined_bits(block: ir.Block, crossing: dict[ir.Value, int]) -> int:
    bits = 0
    for values in (block.arguments, *(operation.results for operation in block.operations)):
        for value in values:
            if value in crossing:
                bits |= 1 << crossing[value]
    return bits


def _members(bits: int, values: list[ir.Value]) -> frozenset[ir.Value]:
    members: list[ir.Value] = []
    while bits:
        lowest = bits & -bits
        members.append(values[lowest.bit_length() - 1])
        bits ^= lowest
    return frozenset(members)
