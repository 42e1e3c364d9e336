"""A function in typed form: operations on typed locals, and jumps with parallel copies.

What both the Python emitter and the native compiler start from. Each block begins with its live locals
under their canonical names; constants have been carried to where they are used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from gossamer.vm.bytecode.decoded import DecodedFunction, DecodedModule
from gossamer.vm.typed.expression import Expression, Local

Moves: TypeAlias = tuple[tuple[Local, Expression], ...]
"""Copies (target, source) made at once: all sources are read before any target is written."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A jump to a block.

    Attributes:
        target: index of the block.
        moves: copies made on the way.
    """

    target: int
    moves: Moves


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
    entry_moves: Moves
    blocks: tuple[TypedBlock, ...]
