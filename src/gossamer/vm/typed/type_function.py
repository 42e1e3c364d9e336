"""From cells to typed locals: finds what every register holds at every point of a verified function.

A forward data flow over blocks: what a cell holds where ways meet is the join of what the ways bring, and
each way copies its content into the local that the join names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gossamer.errors import STATUS_CODE_MASK
from gossamer.isa.instruction import Instruction
from gossamer.isa.opcodes import BLOCK_OPCODE
from gossamer.vm.bytecode.decoded import BlockRange, DecodedFunction, DecodedModule
from gossamer.vm.typed.access import Access, Jump, Register, access_of, remap_register
from gossamer.vm.typed.contents import CellContent, Contents, join, local_of
from gossamer.vm.typed.expression import Expression, Literal, Local
from gossamer.vm.typed.liveness import live_at_blocks
from gossamer.vm.typed.typed_function import Edge, Moves, TypedBlock, TypedFunction, TypedInstruction

NULL = Literal("r", None)

_CONSTANT_KINDS = {
    f"const.{name}{suffix}": kind
    for name, kind in (("i32", "i"), ("i64", "I"), ("f32", "f"), ("f64", "F"))
    for suffix in ("", ".zero")
}


def argument_registers(kinds: Iterable[str]) -> tuple[Register, ...]:
    """Registers that a function's arguments arrive in: each bank from 0, wide ones at even cells."""
    registers: list[Register] = []
    next_cell = next_ref = 0
    for kind in kinds:
        if kind == "r":
            registers.append(Register("r", next_ref))
            next_ref += 1
            continue
        if kind in "IF":
            next_cell += next_cell & 1
        registers.append(Register(kind, next_cell))
        next_cell += 2 if kind in "IF" else 1
    return tuple(registers)


def type_function(module: DecodedModule, function: DecodedFunction) -> TypedFunction:
    """Rewrite a verified function on typed locals."""
    return _Typing(module, function).run()


class _Step(NamedTuple):
    """An instruction, what it reads and writes, and its result where that is a constant."""

    instruction: Instruction
    access: Access
    literal: Literal | None


@dataclass(slots=True)
class _Leaving:
    """What registers hold at the end of a jump; `refs` has only those that its copies changed."""

    contents: Contents
    refs: dict[Local, Expression] = field(default_factory=dict[str, Expression])


class _Typing:
    def __init__(self, module: DecodedModule, function: DecodedFunction) -> None:
        self.module = module
        self.function = function
        self.blocks = [self._steps_of(block) for block in function.blocks]
        accesses = [[step.access for step in steps] for steps in self.blocks]
        self.live = live_at_blocks(accesses, dict(function.blocks_by_offset))
        self.entries: list[dict[int, CellContent] | None] = [None] * len(self.blocks)
        self.arguments = argument_registers(
            argument for argument in function.convention.arguments if isinstance(argument, str)
        )

    def run(self) -> TypedFunction:
        entering = _Leaving(Contents({}))
        for register in self.arguments:
            if register.kind != "r":
                entering.contents.write(register, local_of(register))
        self._solve(entering.contents)
        passed = {local_of(register) for register in self.arguments}
        entering.refs = {local: NULL for local in self._live_refs(0) if local not in passed}
        entry_moves = self._moves_into(0, entering)
        blocks = tuple(self._emit_block(index) for index in range(len(self.blocks)))
        blocks[0].predecessor_count += 1
        for block in blocks:
            for edge in block.terminator.edges if block.instructions else ():
                blocks[edge.target].predecessor_count += 1
        arguments = tuple(local_of(register) for register in self.arguments)
        return TypedFunction(self.module, self.function, arguments, entry_moves, blocks)

    def _steps_of(self, block: BlockRange) -> list[_Step]:
        steps: list[_Step] = []
        for instruction in self.function.instructions[block.first : block.end]:
            if instruction.opcode is BLOCK_OPCODE:
                continue
            access = access_of(self.module, self.function, instruction)
            end = instruction.offset + instruction.length
            if instruction.opcode.name == "fail" and end in self.function.blocks_by_offset:
                # Why: with a status of 0 it does nothing, and the next block follows.
                access = access._replace(jumps=(Jump(end, ()),))
            steps.append(_Step(instruction, access, _literal_of(instruction)))
        return steps

    def _solve(self, entering: Contents) -> None:
        self._merge(0, entering)
        pending = [0]
        while pending:
            index = pending.pop()
            contents = Contents(dict(self.entries[index] or {}))
            for step in self.blocks[index]:
                _apply(step, contents)
            for jump in _possible_jumps(self.blocks[index][-1], contents):
                target = self.function.blocks_by_offset[jump.target]
                if self._merge(target, _apply_remap(jump, contents).contents):
                    pending.append(target)

    def _merge(self, target: int, leaving: Contents) -> bool:
        before = self.entries[target]
        merged = {
            cell: join(cell, None if before is None else before[cell], leaving.get(cell))
            for cell in _bits(self.live[target], 0)
        }
        self.entries[target] = merged
        return merged != before

    def _live_refs(self, index: int) -> tuple[Local, ...]:
        return tuple(f"r{ordinal}" for ordinal in _bits(self.live[index], 1))

    def _parameters(self, index: int) -> tuple[Local, ...]:
        sources = [content.source for content in (self.entries[index] or {}).values()]
        values = dict.fromkeys(source for source in sources if isinstance(source, str))
        return (*values, *self._live_refs(index))

    def _moves_into(self, target: int, leaving: _Leaving) -> Moves:
        moves: dict[Local, Expression] = {}
        for local in self._parameters(target):
            if local[0] == "r":
                continue
            moves[local] = leaving.contents.read(local[0], int(local[1:]))
        moves.update(leaving.refs)
        return tuple((local, source) for local, source in moves.items() if local != source)

    def _emit_block(self, index: int) -> TypedBlock:
        entry = self.entries[index]
        if entry is None:
            return TypedBlock()  # Why: no jump leads here.
        contents = Contents(dict(entry))
        block = TypedBlock(self._parameters(index))
        for step in self.blocks[index]:
            if step.literal is None:
                block.instructions.append(self._emit(step, contents))
            else:
                _apply(step, contents)
        return block

    def _emit(self, step: _Step, contents: Contents) -> TypedInstruction:
        access = step.access
        inputs = tuple(_inputs(access.inputs, contents))
        results = tuple(local_of(register) for register in access.results)
        _apply(step, contents)
        moved = [local_of(register) for register in access.inputs if register.is_moved]
        discarded = [f"r{ordinal}" for ordinal in access.discarded]
        return TypedInstruction(
            name=step.instruction.opcode.name,
            offset=step.instruction.offset,
            inputs=inputs,
            results=results,
            immediates=access.immediates,
            edges=tuple(self._edge(jump, contents) for jump in _possible_jumps(step, contents)),
            released=tuple(dict.fromkeys(local for local in [*moved, *discarded] if local not in results)),
            is_take=any(register.is_moved for register in access.results),
        )

    def _edge(self, jump: Jump, contents: Contents) -> Edge:
        target = self.function.blocks_by_offset[jump.target]
        return Edge(target, self._moves_into(target, _apply_remap(jump, contents)))


def _inputs(registers: Sequence[Register], contents: Contents) -> Iterator[Expression]:
    """What an instruction reads; a ref that it moves out of a register is null where it reads it again."""
    moved: set[Local] = set()
    for register in registers:
        local = local_of(register)
        if register.kind != "r":
            yield contents.read(register.kind, register.ordinal)
        else:
            yield NULL if local in moved else local
        if register.is_moved:
            moved.add(local)


def _literal_of(instruction: Instruction) -> Literal | None:
    kind = _CONSTANT_KINDS.get(instruction.opcode.name)
    if kind is None:
        return None
    zero = 0.0 if kind in "fF" else 0
    value = instruction.operands[0] if len(instruction.operands) == 2 else zero
    assert isinstance(value, (int, float))
    return Literal(kind, value)


def _apply(step: _Step, contents: Contents) -> None:
    for register in step.access.results:
        if register.kind != "r":
            contents.write(register, step.literal or local_of(register))


def _possible_jumps(step: _Step, contents: Contents) -> tuple[Jump, ...]:
    if step.instruction.opcode.name == "fail":
        status = contents.read("i", step.access.inputs[0].ordinal)
        if isinstance(status, Literal) and isinstance(status.value, int) and status.value & STATUS_CODE_MASK:
            return ()
    return step.access.jumps


def _apply_remap(jump: Jump, contents: Contents) -> _Leaving:
    """Follow the copies of a jump, which bytecode makes one after the other."""
    leaving = _Leaving(contents.copy())
    cells, refs = leaving.contents.cells, leaving.refs
    for source, target in jump.remap:
        is_ref, source_ordinal, is_moved = remap_register(source)
        _, target_ordinal, _ = remap_register(target)
        if not is_ref:
            cells[target_ordinal] = leaving.contents.get(source_ordinal)
            continue
        source_local = f"r{source_ordinal}"
        value = refs.get(source_local, source_local)
        if is_moved and source_ordinal != target_ordinal:
            refs[source_local] = NULL
        refs[f"r{target_ordinal}"] = value
    return leaving


def _bits(mask: int, parity: int) -> Iterator[int]:
    """Ordinals of the value cells (parity 0) or ref registers (parity 1) in a mask."""
    mask >>= parity
    while mask:
        lowest = (mask & -mask).bit_length() - 1
        if lowest & 1 == 0:
            yield lowest >> 1
        mask &= mask - 1
