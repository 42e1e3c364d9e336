"""Where a function gives up its refs.

A frame does not release refs on return, so each one has to be moved out or discarded on every path: moved at
its last use where the operation can take it over, else discarded right after, or at the start of the block
where it turns out to be dead. A discard of a null register does nothing, so a block discards whatever any of
its predecessors may have left behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.emit.allocate_registers import Allocation, is_ref, width
from gossamer.compiler.vm.emit.parallel_copy import Copy, sequentialize
from gossamer.compiler.vm.liveness import dead_arguments
from gossamer.isa.instruction import RemapList
from gossamer.isa.opcodes import MOVE_BIT, OPCODES_BY_NAME, REF_BIT, REGISTER_KINDS, OperandKind

# Why: what a move bit does to a value that is not chosen is a subtlety that runtimes may disagree on.
_NEVER_MOVED = frozenset({"select.ref", "switch.ref"})


@dataclass(slots=True)
class RefLifetimes:
    """What to add to a function's operations.

    Attributes:
        moved: operand indices of an operation that carry the move bit.
        discards_after: ref registers to discard after an operation.
        discards_at_start: ref registers to discard before the first operation of a block.
        remaps: copies of each branch, as raw registers.
    """

    moved: dict[ir.Operation, set[int]] = field(default_factory=dict["ir.Operation", set[int]])
    discards_after: dict[ir.Operation, list[int]] = field(default_factory=dict["ir.Operation", list[int]])
    discards_at_start: dict[ir.Block, list[int]] = field(default_factory=dict["ir.Block", list[int]])
    remaps: dict[ir.Successor, RemapList] = field(default_factory=dict["ir.Successor", RemapList])


def place_moves_and_discards(allocation: Allocation) -> RefLifetimes:
    """Decide moves, discards and branch copies; adds the temporaries that copies need to the allocation."""
    placer = _Placer(allocation)
    for block in allocation.blocks:
        placer.visit(block)
    return placer.lifetimes


class _Placer:
    def __init__(self, allocation: Allocation) -> None:
        self.lifetimes = RefLifetimes()
        self._allocation = allocation
        self._registers = allocation.registers
        # Temporaries come after all other registers, and every branch may use the same ones.
        self._first_value_temporary = allocation.value_register_count
        self._first_ref_temporary = allocation.ref_register_count

    def visit(self, block: ir.Block) -> None:
        dead = dead_arguments(block, self._allocation.liveness)
        self._discard_at_start(block, [self._registers[value] for value in dead if is_ref(value)])
        for operation in block.operations:
            for value in self._allocation.deaths[operation]:
                if is_ref(value):
                    self._end_at(operation, value)
        terminator = block.operations[-1]
        held = {value for value in self._allocation.liveness.live_out[block] if is_ref(value)}
        for successor in terminator.successors:
            held.update(value for value in successor.arguments if is_ref(value))
        for successor in terminator.successors:
            self._visit_edge(successor, held)

    def _end_at(self, operation: ir.Operation, value: ir.Value) -> None:
        positions = [index for index, operand in enumerate(operation.operands) if operand is value]
        movable = _movable_operands(operation)
        if positions and all(index in movable for index in positions):
            self.lifetimes.moved.setdefault(operation, set()).add(positions[-1])
        elif positions or value in operation.results:
            self.lifetimes.discards_after.setdefault(operation, []).append(self._registers[value])

    def _visit_edge(self, successor: ir.Successor, held: set[ir.Value]) -> None:
        dead = held - self._allocation.liveness.live_in[successor.block]
        pairs = list(zip(successor.arguments, successor.block.arguments, strict=False))
        ref_targets = {self._registers[argument] for _, argument in pairs if is_ref(argument)}
        passed = set(successor.arguments)
        # What a branch argument overwrites is released by that. Sorted, as the order of sets is by address.
        left_behind = sorted(self._registers[value] for value in dead - passed)
        self._discard_at_start(successor.block, [r for r in left_behind if r not in ref_targets])
        values = self._copies(pairs, of_refs=False)
        refs = self._copies(pairs, of_refs=True)
        kept_in_place = ref_targets & {self._registers[source] for source, _ in pairs if is_ref(source)}
        dying = {self._registers[value] for value in dead & passed} - {
            register for register in kept_in_place if self._stays(pairs, register)
        }
        remap = [
            (source, target)
            for copy in values
            for source, target in zip(copy.source_cells, copy.target_cells, strict=True)
        ]
        self.lifetimes.remaps[successor] = (*remap, *self._ref_pairs(refs, dying))

    def _stays(self, pairs: list[tuple[ir.Value, ir.Value]], register: int) -> bool:
        """A ref is passed on in the register it is in."""
        return any(
            is_ref(source) and self._registers[source] == register == self._registers[target]
            for source, target in pairs
        )

    def _copies(self, pairs: list[tuple[ir.Value, ir.Value]], of_refs: bool) -> list[Copy]:
        copies = [
            Copy(self._registers[source], self._registers[target], width(target))
            for source, target in pairs
            if is_ref(target) == of_refs
        ]
        following = self._first_ref_temporary if of_refs else self._first_value_temporary

        def new_temporary(cells: int) -> int:
            nonlocal following
            register = following + following % cells
            following = register + cells
            return register

        ordered = sequentialize(copies, new_temporary)
        if of_refs:
            self._allocation.ref_register_count = max(self._allocation.ref_register_count, following)
        else:
            self._allocation.value_register_count = max(self._allocation.value_register_count, following)
        return ordered

    def _ref_pairs(self, copies: list[Copy], dying: set[int]) -> list[tuple[int, int]]:
        """Raw pairs; the last read of a register that dies, or is a temporary, is a move."""
        pairs: list[tuple[int, int]] = []
        read_later: set[int] = set()
        for copy in reversed(copies):
            dies = copy.source in dying or copy.source >= self._first_ref_temporary
            move = MOVE_BIT if dies and copy.source not in read_later else 0
            read_later.add(copy.source)
            pairs.append((REF_BIT | copy.source | move, REF_BIT | copy.target))
        return pairs[::-1]

    def _discard_at_start(self, block: ir.Block, registers: list[int]) -> None:
        # A failing function gives up all refs of its frame.
        if registers and block.operations[-1].name != "fail":
            known = self.lifetimes.discards_at_start.setdefault(block, [])
            known.extend(register for register in registers if register not in known)


def _movable_operands(operation: ir.Operation) -> set[int]:
    """Indices of operands whose register may carry the move bit."""
    if operation.name in _NEVER_MOVED:
        return set()
    movable: set[int] = set()
    index = 0
    for operand in OPCODES_BY_NAME[operation.name].operands:
        if operand.is_result:
            continue
        if operand.kind is OperandKind.REGISTERS:
            return movable.union(range(index, len(operation.operands)))
        if operand.kind is OperandKind.REF_MOVE:
            movable.add(index)
        index += operand.kind in REGISTER_KINDS
    return movable
