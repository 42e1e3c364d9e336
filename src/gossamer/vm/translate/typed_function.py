"""A function in typed form: operations on typed locals, and jumps with parallel copies.

What both the Python emitter and the native compiler start from. Each block begins with its live locals
under their canonical names; constants have been carried to where they are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gossamer.isa.opcodes import BLOCK_OPCODE, REF_ORDINAL_MASK
from gossamer.vm.decoded import DecodedFunction, DecodedModule
from gossamer.vm.translate.access import Access, Jump, Register, access_of, remap_register
from gossamer.vm.translate.contents import CellContent, Contents, join, local_of
from gossamer.vm.translate.expression import ZERO_CELL, Expression, Literal, Local
from gossamer.vm.translate.liveness import cell_bit, live_at_blocks, live_before_remap, ref_bit

NULL = Literal("r", None)

_CONSTANT_KINDS = {
    "const.i32.zero": "i",
    "const.i32": "i",
    "const.i64.zero": "I",
    "const.i64": "I",
    "const.f32.zero": "f",
    "const.f32": "f",
    "const.f64.zero": "F",
    "const.f64": "F",
}


@dataclass(frozen=True, slots=True)
class Edge:
    """A jump to a block.

    Attributes:
        target: index of the block.
        moves: copies made at once: all sources are read before any local is written.
    """

    target: int
    moves: tuple[tuple[Local, Expression], ...]


@dataclass(frozen=True, slots=True)
class TypedInstruction:
    """One operation.

    Attributes:
        name: opcode name.
        offset: byte offset in the function, for backtraces.
        inputs: what it reads, in stream order.
        results: locals it writes, in stream order.
        immediates: operands that are neither registers nor jumps.
        edges: ways out, in stream order.
        released: refs that are null afterwards: moved into the operation, or discarded.
        is_take: a ref result is taken out of the global or list it comes from.
    """

    name: str
    offset: int
    inputs: tuple[Expression, ...] = ()
    results: tuple[Local, ...] = ()
    immediates: tuple[object, ...] = ()
    edges: tuple[Edge, ...] = ()
    released: tuple[Local, ...] = ()
    is_take: bool = False


@dataclass(slots=True)
class TypedBlock:
    """A basic block.

    Attributes:
        parameters: locals with a value at its start, that it or a later block may read.
        instructions: the last one holds the edges.
        predecessor_count: edges that lead here; the function's entry counts for the first block.
    """

    parameters: tuple[Local, ...] = ()
    instructions: list[TypedInstruction] = field(default_factory=list[TypedInstruction])
    predecessor_count: int = 0

    @property
    def terminator(self) -> TypedInstruction:
        """The last instruction."""
        return self.instructions[-1]


@dataclass(frozen=True, slots=True)
class TypedFunction:
    """A function of typed blocks.

    Attributes:
        arguments: locals that the arguments arrive in.
        entry_moves: copies to make on entry, before the first block.
    """

    module: DecodedModule
    function: DecodedFunction
    arguments: tuple[Local, ...]
    entry_moves: tuple[tuple[Local, Expression], ...]
    blocks: tuple[TypedBlock, ...]


def argument_registers(kinds: Sequence[str]) -> tuple[Register, ...]:
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
    """Find the types of a verified function's registers and rewrite it on typed locals."""
    return _Typing(module, function).run()


class _Typing:
    def __init__(self, module: DecodedModule, function: DecodedFunction) -> None:
        self.module = module
        self.function = function
        self.ranges = [
            range(block.first + (function.instructions[block.first].opcode is BLOCK_OPCODE), block.end)
            for block in function.blocks
        ]
        self.accesses = [
            [access_of(module, function, function.instructions[index]) for index in indices]
            for indices in self.ranges
        ]
        self.live = live_at_blocks(self.accesses, dict(function.blocks_by_offset))
        self.entries: list[dict[int, CellContent] | None] = [None] * len(self.ranges)

    def run(self) -> TypedFunction:
        kinds = [argument for argument in self.function.convention.arguments if isinstance(argument, str)]
        arguments = argument_registers(kinds)
        contents = Contents({})
        for register in arguments:
            contents.write(register, local_of(register))
        self._solve(contents)
        blocks = [self._emit_block(index) for index in range(len(self.ranges))]
        self._count_predecessors(blocks)
        refs = {local_of(register): local_of(register) for register in arguments if register.kind == "r"}
        entry_moves = self._moves_into(0, contents, dict[Local, Expression](refs), is_entry=True)
        locals_ = tuple(local_of(register) for register in arguments)
        return TypedFunction(self.module, self.function, locals_, entry_moves, tuple(blocks))

    def _solve(self, initial: Contents) -> None:
        self._merge(0, initial)
        pending = [0]
        while pending:
            index = pending.pop()
            contents = Contents(dict(self.entries[index] or {}))
            for access in self.accesses[index]:
                self._apply(access, contents)
            for jump in self._jumps(index):
                leaving, _ = self._apply_remap(jump, contents)
                target = self.function.blocks_by_offset[jump.target]
                if self._merge(target, leaving):
                    pending.append(target)

    def _jumps(self, index: int) -> tuple[Jump, ...]:
        return self.accesses[index][-1].jumps

    def _merge(self, target: int, leaving: Contents) -> bool:
        before = self.entries[target]
        merged = {
            cell: join(cell, None if before is None else before[cell], leaving.get(cell))
            for cell in _cells(self.live[target])
        }
        self.entries[target] = merged
        return merged != before

    def _apply(self, access: Access, contents: Contents, literal: Literal | None = None) -> None:
        literal = literal or self._literal_of(access)
        for register in access.results:
            if register.kind != "r":
                contents.write(register, literal or local_of(register))

    def _literal_of(self, access: Access) -> Literal | None:
        return self.literals.get(id(access))

    @property
    def literals(self) -> dict[int, Literal]:
        raise NotImplementedError
