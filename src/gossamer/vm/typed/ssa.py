"""A typed function in SSA form: each value is written once, and jumps pass values to block parameters.

Every value that a block reads is one of its parameters or was made in it, so that a block, or a whole loop,
can be copied without touching what follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gossamer.vm.typed.expression import Expression, Literal, Local, expression_kind
from gossamer.vm.typed.type_function import NULL
from gossamer.vm.typed.typed_function import Edge, TypedBlock, TypedFunction, TypedInstruction

ENTRY = -1
"""Index of the block that a function's arguments belong to."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value.

    Attributes:
        kind: i, I, f, F or r.
        number: distinct in its function.
        block: where it is made.
        operation: what makes it, or None for a block parameter or argument.
    """

    kind: str
    number: int
    block: int
    operation: Operation | None = None

    def __repr__(self) -> str:
        return f"{self.kind}.{self.number}"


Operand: TypeAlias = Value | Literal


@dataclass(slots=True, eq=False)
class Operation:
    """An operation; `immediates`, `offset` and `is_take` are as in `TypedInstruction`."""

    name: str
    offset: int
    inputs: tuple[Operand, ...]
    immediates: tuple[object, ...] = ()
    is_take: bool = False
    results: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class SsaEdge:
    """A jump; arguments are parallel to the target's parameters."""

    target: int
    arguments: tuple[Operand, ...]


@dataclass(slots=True)
class SsaBlock:
    """A block; `terminator` is an operation without results."""

    parameters: tuple[Value, ...] = ()
    operations: list[Operation] = field(default_factory=list[Operation])
    terminator: Operation = field(default_factory=lambda: Operation("br", 0, ()))
    edges: tuple[SsaEdge, ...] = ()
    is_reachable: bool = False


@dataclass(frozen=True, slots=True)
class SsaFunction:
    """A function; `entry` is the jump from its arguments to the first block."""

    typed: TypedFunction
    arguments: tuple[Value, ...]
    entry: SsaEdge
    blocks: tuple[SsaBlock, ...]


def build_ssa(typed: TypedFunction) -> SsaFunction:
    """Number the values of a typed function."""
    return _Builder(typed).run()


class _Builder:
    def __init__(self, typed: TypedFunction) -> None:
        self.typed = typed
        self.count = 0
        self.blocks = [
            SsaBlock(
                parameters=tuple(self.value(local[0], index) for local in block.parameters),
                is_reachable=block.predecessor_count > 0,
            )
            for index, block in enumerate(typed.blocks)
        ]
        self.locals: dict[Local, Operand] = {}
        self.current = SsaBlock()
        self.index = ENTRY
        self.offset = 0

    def run(self) -> SsaFunction:
        arguments = tuple(self.value(local[0], ENTRY) for local in self.typed.arguments)
        self.locals = dict(zip(self.typed.arguments, arguments, strict=True))
        entry = self.edge(Edge(0, self.typed.entry_moves))
        for index, (source, target) in enumerate(zip(self.typed.blocks, self.blocks, strict=True)):
            if target.is_reachable:
                self.build_block(index, source, target)
        return SsaFunction(self.typed, arguments, entry, tuple(self.blocks))

    def value(self, kind: str, block: int, operation: Operation | None = None) -> Value:
        self.count += 1
        return Value(kind, self.count, block, operation)

    def build_block(self, index: int, source: TypedBlock, target: SsaBlock) -> None:
        self.current, self.index = target, index
        self.locals = dict(zip(source.parameters, target.parameters, strict=True))
        for instruction in source.instructions[:-1]:
            self.instruction(instruction)
        terminator = source.terminator
        if terminator.name.startswith("call"):
            self.instruction(terminator)
            target.terminator = Operation("br", terminator.offset, ())
        else:
            self.offset = terminator.offset
            target.terminator = self.operation(terminator)
            self.release(terminator)
        target.edges = tuple(self.edge(edge) for edge in terminator.edges)

    def instruction(self, instruction: TypedInstruction) -> None:
        self.offset = instruction.offset
        operation = self.operation(instruction)
        self.current.operations.append(operation)
        self.release(instruction)
        self.locals.update(zip(instruction.results, operation.results, strict=True))

    def operation(self, instruction: TypedInstruction) -> Operation:
        operation = Operation(
            instruction.name,
            instruction.offset,
            tuple(self.read(expression) for expression in instruction.inputs),
            instruction.immediates,
            instruction.is_take,
        )
        operation.results = self.results(operation, [local[0] for local in instruction.results])
        return operation

    def results(self, operation: Operation, kinds: Iterable[str]) -> tuple[Value, ...]:
        return tuple(self.value(kind, self.index, operation) for kind in kinds)

    def release(self, instruction: TypedInstruction) -> None:
        for local in instruction.released:
            self.locals[local] = NULL

    def read(self, expression: Expression) -> Operand:
        if isinstance(expression, str):
            return self.locals[expression]
        if isinstance(expression, Literal):
            return expression
        inputs = tuple(self.read(operand) for operand in expression.operands)
        operation = Operation(expression.name, self.offset, inputs)
        operation.results = self.results(operation, [expression_kind(expression)])
        self.current.operations.append(operation)
        return operation.results[0]

    def edge(self, edge: Edge) -> SsaEdge:
        moves = dict(edge.moves)
        parameters: Sequence[Local] = self.typed.blocks[edge.target].parameters
        return SsaEdge(edge.target, tuple(self.read(moves.get(local, local)) for local in parameters))
