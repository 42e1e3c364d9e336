"""Which registers may still be read at the start of each block.

Registers are bits of one integer: cell n of the value bank is bit 2n, ref register n is bit 2n + 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.vm.typed.access import WIDE_KINDS, Access, Jump, Register, remap_register


def cell_bit(cell: int) -> int:
    """Bit of a value cell."""
    return 1 << (2 * cell)


def ref_bit(ordinal: int) -> int:
    """Bit of a ref register."""
    return 2 << (2 * ordinal)


def register_bits(register: Register) -> int:
    """Bits of what a register covers."""
    if register.kind == "r":
        return ref_bit(register.ordinal)
    if register.kind in WIDE_KINDS:
        return cell_bit(register.ordinal) | cell_bit(register.ordinal + 1)
    return cell_bit(register.ordinal)


def live_before_remap(jump: Jump, live_at_target: int) -> int:
    """Registers read by a jump's copies or, past them, by its target."""
    live = live_at_target
    for source, target in reversed(jump.remap):
        live &= ~_raw_bit(target)
        live |= _raw_bit(source)
    return live


def live_at_blocks(blocks: Sequence[Sequence[Access]], block_index: dict[int, int]) -> list[int]:
    """Live registers at the start of each block.

    Args:
        blocks: accesses of each block's instructions, in order; the last one holds the jumps.
        block_index: index of the block at a byte offset.
    """
    live = [0] * len(blocks)
    predecessors: list[set[int]] = [set() for _ in blocks]
    for index, accesses in enumerate(blocks):
        for jump in accesses[-1].jumps:
            predecessors[block_index[jump.target]].add(index)
    pending = list(range(len(blocks)))
    while pending:
        index = pending.pop()
        found = _live_before(blocks[index], live, block_index)
        if found != live[index]:
            live[index] = found
            pending.extend(predecessors[index])
    return live


def _live_before(accesses: Sequence[Access], live: list[int], block_index: dict[int, int]) -> int:
    result = 0
    for jump in accesses[-1].jumps:
        result |= live_before_remap(jump, live[block_index[jump.target]])
    for access in reversed(accesses):
        for register in access.results:
            result &= ~register_bits(register)
        for ordinal in access.discarded:
            result &= ~ref_bit(ordinal)
        for register in access.inputs:
            result |= register_bits(register)
    return result


def _raw_bit(raw: int) -> int:
    is_ref, ordinal, _ = remap_register(raw)
    return ref_bit(ordinal) if is_ref else cell_bit(ordinal)
