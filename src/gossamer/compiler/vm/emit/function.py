"""Writes the bytecode of one function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.emit.allocate_registers import allocate_registers, is_ref
from gossamer.compiler.vm.emit.ref_lifetimes import place_moves_and_discards
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError, InternalError
from gossamer.format.module_def import Requirements
from gossamer.isa.encode import AssembledFunction, Assembler, AssemblyValue, Label
from gossamer.isa.instruction import OperandValue
from gossamer.isa.opcodes import (
    MOVE_BIT,
    OPCODES_BY_NAME,
    REF_BIT,
    REGISTER_KINDS,
    SEGMENT_NOT_VARIADIC,
    Extension,
    Operand,
    OperandKind,
)

_MAX_STRING_BYTES = 0xFFFF
_MAX_BLOCKS = 0x7FFF
_MAX_BYTES = 0xFF_FFFF
_EXTENSION_REQUIREMENTS = {
    Extension.CORE: Requirements(0),
    Extension.F32: Requirements.EXT_F32,
    Extension.F64: Requirements.EXT_F64,
}


@dataclass(frozen=True, slots=True)
class Ordinals:
    """What the names of a module stand for in bytecode.

    Attributes:
        globals: byte offset of a value global, ordinal of a ref global.
        rodata: segment index.
        functions: function ordinal, with the import bit for imports.
        types: index in the type table.
    """

    globals: Mapping[str, int]
    rodata: Mapping[str, int]
    functions: Mapping[str, int]
    types: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EmittedFunction:
    """Bytecode of a function and what its descriptor and debug map say.

    Attributes:
        locations: pairs of (bytecode offset, location), in order.
    """

    code: AssembledFunction
    requirements: Requirements
    value_register_count: int
    ref_register_count: int
    locations: tuple[tuple[int, ir.Location | None], ...]


def emit_function(function: ir.Function, ordinals: Ordinals) -> EmittedFunction:
    """Allocate registers and write the bytecode.

    Raises: CompileError where the function does not fit a frame; InternalError where it is malformed.
    """
    try:
        return _FunctionEmitter(function, ordinals).emit()
    except (KeyError, ValueError) as error:
        raise InternalError(f"VM function '{function.name}' cannot be encoded: {error!r}") from error


class _FunctionEmitter:
    def __init__(self, function: ir.Function, ordinals: Ordinals) -> None:
        self._function = function
        self._ordinals = ordinals
        self._allocation = allocate_registers(function)
        self._lifetimes = place_moves_and_discards(self._allocation)
        self._assembler = Assembler()
        self._labels: dict[ir.Block, Label] = {}
        self._names: set[str] = set()
        self._locations: list[tuple[int, ir.Location | None]] = []

    def emit(self) -> EmittedFunction:
        self._labels = {block: self._assembler.new_label() for block in self._allocation.blocks}
        for block in self._allocation.blocks:
            self._assembler.block(self._labels[block])
            self._discard(self._lifetimes.discards_at_start.get(block))
            for operation in block.operations:
                self._emit_operation(operation)
                self._discard(self._lifetimes.discards_after.get(operation))
        code = self._assembler.finish()
        if code.block_count > _MAX_BLOCKS or len(code.bytecode) > _MAX_BYTES:
            message = f"function '{self._function.name}' is too large for VM bytecode"
            raise CompileError([Diagnostic(message, hint="split the function")])
        return EmittedFunction(
            code,
            self._find_requirements(),
            self._allocation.value_register_count,
            self._allocation.ref_register_count,
            tuple(self._locations),
        )

    def _find_requirements(self) -> Requirements:
        requirements = Requirements.UNWIND if self._allocation.ref_register_count else Requirements(0)
        for name in self._names:
            requirements |= _EXTENSION_REQUIREMENTS[OPCODES_BY_NAME[name].extension]
            if "yield" in name:
                requirements |= Requirements.YIELD
        return requirements

    def _emit_operation(self, operation: ir.Operation) -> None:
        opcode = OPCODES_BY_NAME[operation.name]
        self._names.add(operation.name)
        cursor = _Cursor(operation, self._operand_registers(operation))
        values = [self._operand(operand, operation, cursor) for operand in opcode.operands]
        offset = self._assembler.emit(operation.name, *values)
        if not self._locations or self._locations[-1][1] != operation.location:
            self._locations.append((offset, operation.location))

    def _discard(self, registers: list[int] | None) -> None:
        if registers:
            self._assembler.emit("discard.refs", tuple(REF_BIT | register for register in registers))

    def _operand_registers(self, operation: ir.Operation) -> list[int]:
        moved = self._lifetimes.moved.get(operation, ())
        return [
            self._register(value) | (MOVE_BIT if index in moved else 0)
            for index, value in enumerate(operation.operands)
        ]

    def _register(self, value: ir.Value) -> int:
        ordinal = self._allocation.registers[value]
        return REF_BIT | ordinal if is_ref(value) else ordinal

    def _operand(self, operand: Operand, operation: ir.Operation, cursor: _Cursor) -> AssemblyValue:
        kind = operand.kind
        if operand.is_result:
            results = [self._register(value) for value in _results(operation)]
            return tuple(results) if kind is OperandKind.REGISTERS else results[0]
        if kind in REGISTER_KINDS:
            return next(cursor.registers)
        match kind:
            case OperandKind.REGISTERS:
                return tuple(cursor.registers)
            case OperandKind.BLOCK:
                cursor.successor = next(cursor.successors)
                return self._labels[cursor.successor.block]
            case OperandKind.REMAP:
                assert cursor.successor is not None
                return self._lifetimes.remaps[cursor.successor]
            case OperandKind.CASES:
                return [(self._labels[c.block], self._lifetimes.remaps[c]) for c in cursor.successors]
            case _:
                return self._attribute(kind, operation)

    def _attribute(self, kind: OperandKind, operation: ir.Operation) -> OperandValue:
        ordinals = self._ordinals
        match kind:
            case OperandKind.GLOBAL:
                return ordinals.globals[operation.symbol]
            case OperandKind.RODATA:
                return ordinals.rodata[operation.symbol]
            case OperandKind.FUNCTION:
                return ordinals.functions[operation.symbol]
            case OperandKind.TYPE:
                return ordinals.types[operation.type]
            case OperandKind.SEGMENTS:
                return tuple(SEGMENT_NOT_VARIADIC if count < 0 else count for count in operation.segments)
            case OperandKind.STRING:
                return _encode_string(operation.immediate)
            case _:
                assert operation.immediate is not None
                assert not isinstance(operation.immediate, str)
                return operation.immediate


class _Cursor:
    """How far the encoding of an operation has got in its operands and successors."""

    def __init__(self, operation: ir.Operation, registers: list[int]) -> None:
        self.registers: Iterator[int] = iter(registers)
        self.successors: Iterator[ir.Successor] = iter(operation.successors)
        self.successor: ir.Successor | None = None


def _results(operation: ir.Operation) -> list[ir.Value]:
    """What an operation writes; a yieldable call writes the arguments of the block it goes on in."""
    if operation.name in ("call.yieldable", "call.variadic.yieldable"):
        return operation.successors[0].block.arguments
    return operation.results


def _encode_string(text: ir.Immediate | None) -> bytes:
    data = text if isinstance(text, bytes) else str(text or "").encode()
    # The format has no room for more; cut between characters.
    return (
        data if len(data) <= _MAX_STRING_BYTES else data[:_MAX_STRING_BYTES].decode(errors="ignore").encode()
    )
