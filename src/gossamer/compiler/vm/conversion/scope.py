"""What conversion of a function body carries along: where to append, and what each MLIR value became."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion import attributes
from gossamer.compiler.vm.conversion.types import Scalar, scalar_of
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


@dataclass(frozen=True, slots=True)
class MemRef:
    """A one-dimensional memref: elements of a `!vm.buffer` from `offset` on.

    Attributes:
        buffer: ref to the `!vm.buffer`.
        offset: i64, in elements; None for 0.
        size: i64, in elements; None where the type states it or nothing asks.
    """

    buffer: ir.Value
    offset: ir.Value | None = None
    size: ir.Value | None = None


Lowered: TypeAlias = ir.Value | MemRef
ValueMap: TypeAlias = dict[mlir.ir.Value, Lowered]
Lowering: TypeAlias = Callable[["Scope", mlir.ir.Operation], "Sequence[Lowered]"]
"""Appends what an operation becomes and returns one entry for each of its results."""


@dataclass(slots=True)
class Scope:
    """State shared by the lowerings.

    Attributes:
        builder: appends VM operations; `builder.block` moves on with control flow.
        function: gets the blocks that control flow makes.
        values: what each MLIR value in scope became.
        blocks: the VM block of each MLIR block.
        vm_name: name of the VM function that a call of a symbol calls.
        is_public: results go to callers outside the program.
    """

    builder: Builder
    function: ir.Function
    values: ValueMap = field(default_factory=dict["mlir.ir.Value", Lowered])
    blocks: dict[mlir.ir.Block, ir.Block] = field(default_factory=dict["mlir.ir.Block", ir.Block])
    vm_name: Callable[[str], str] = str
    is_public: bool = False

    def value(self, value: mlir.ir.Value) -> ir.Value:
        """The VM value of a scalar or ref.

        Raises: KeyError where it has none: an operation was skipped, or the caller mapped too little.
        """
        lowered = self.values[value]
        if isinstance(lowered, MemRef):
            raise TypeError(f"{value} is a memref, expected a scalar or ref")
        return lowered

    def memref(self, value: mlir.ir.Value) -> MemRef:
        """The buffer and offset of a memref."""
        lowered = self.values[value]
        return lowered if isinstance(lowered, MemRef) else MemRef(lowered)

    def operands(self, op: mlir.ir.Operation) -> list[ir.Value]:
        """The VM values of all operands of an operation."""
        return [self.value(operand) for operand in op.operands]

    def scalar(self, value: mlir.ir.Value, op: mlir.ir.Operation) -> Scalar:
        """The scalar type of a value of `op`.

        Raises: CompileError where the VM cannot hold it.
        """
        scalar = scalar_of(value.type)
        if scalar is None:
            raise unsupported(op, f"'{op.name}' on {value.type} has no VM lowering")
        return scalar

    def constant(self, value: mlir.ir.Value) -> int | float | None:
        """The number that `value` is, or None where it is not an `arith.constant`."""
        owner = value.owner
        if isinstance(owner, mlir.ir.Block) or owner.operation.name not in (
            "arith.constant",
            "index.constant",
        ):
            return None
        return attributes.number(owner.operation, "value")

    def result(self, op: mlir.ir.Operation, index: int = 0) -> Scalar:
        """The scalar type of a result of `op`.

        Raises: CompileError where the VM cannot hold it.
        """
        return self.scalar(op.results[index], op)

    def operand(self, op: mlir.ir.Operation, index: int = 0) -> Scalar:
        """The scalar type of an operand of `op`; fails as `result`."""
        return self.scalar(op.operands[index], op)

    def define(self, op: mlir.ir.Operation, lowered: Sequence[Lowered]) -> None:
        """State what the results of an operation became."""
        for result, value in zip(op.results, lowered, strict=True):
            self.values[result] = value

    def new_block(self) -> ir.Block:
        """A new block at the end of the function."""
        block = ir.Block()
        self.function.blocks.append(block)
        return block

    def enter(self, op: mlir.ir.Operation) -> None:
        """Stamp what is appended from now on with the location of `op`."""
        found = mlir.source_location(op.location)
        self.builder.location = ir.Location(found.file, found.line, found.column) if found else None


def unsupported(op: mlir.ir.Operation, message: str, hint: str = "") -> CompileError:
    """The error for an operation that cannot be converted."""
    return CompileError([Diagnostic(message, mlir.source_location(op.location), hint=hint)])
