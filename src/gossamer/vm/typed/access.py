"""What an instruction reads and writes, with the type of each register.

Bytecode registers are untyped cells: the operation, or the calling convention of the function it calls or
returns from, says how each is read.
"""

from __future__ import annotations

from typing import NamedTuple, cast

from gossamer.abi.calling_convention import CallingConvention, Span
from gossamer.isa.instruction import Cases, Instruction, RemapList
from gossamer.isa.opcodes import (
    IMPORT_BIT,
    MOVE_BIT,
    REF_BIT,
    REF_KINDS,
    REF_ORDINAL_MASK,
    REGISTER_KINDS,
    SEGMENT_NOT_VARIADIC,
    Operand,
    OperandKind,
)
from gossamer.vm.bytecode.decoded import DecodedFunction, DecodedModule

# Why: a member of an enumeration is looked up by a Python function each time.
_BLOCK, _REMAP, _CASES = OperandKind.BLOCK, OperandKind.REMAP, OperandKind.CASES
_REGISTERS, _SEGMENTS, _REF_MOVE = OperandKind.REGISTERS, OperandKind.SEGMENTS, OperandKind.REF_MOVE

_REGISTER_KINDS = {kind: kind.value for kind in REGISTER_KINDS}

WIDE_KINDS = "IF"
"""Kinds that take two cells."""


class Register(NamedTuple):
    """A register as one instruction sees it.

    Attributes:
        kind: i, I, f, F or r.
        ordinal: in its bank.
        is_moved: a ref that the instruction takes (as a result: that it takes out of where it was).
    """

    kind: str
    ordinal: int
    is_moved: bool = False


class Jump(NamedTuple):
    """A way out of a block: byte offset of the target and the copies made on the way."""

    target: int
    remap: RemapList


class Access(NamedTuple):
    """What one instruction does to registers.

    Attributes:
        inputs: registers read, in stream order.
        results: registers written, in stream order.
        immediates: operands that are no registers and no jumps, in stream order.
        jumps: ways out, in stream order.
        discarded: refs that are null afterwards without being read.
    """

    inputs: tuple[Register, ...] = ()
    results: tuple[Register, ...] = ()
    immediates: tuple[object, ...] = ()
    jumps: tuple[Jump, ...] = ()
    discarded: tuple[int, ...] = ()


def access_of(module: DecodedModule, function: DecodedFunction, instruction: Instruction) -> Access:
    """Find what an instruction of a function reads and writes."""
    name = instruction.opcode.name
    if name in ("discard.refs", "trace", "print"):
        return _access_of_release(instruction)
    if name == "return":
        registers = cast("tuple[int, ...]", instruction.operands[0])
        return Access(inputs=_typed_registers(function.convention.results, registers))
    if name.startswith("call"):
        return _access_of_call(module, instruction)
    collector = _Collector()
    for operand, value in zip(instruction.opcode.operands, instruction.operands, strict=True):
        collector.add(operand, value)
    return collector.finish()


def callee_convention(module: DecodedModule, ordinal: int) -> CallingConvention:
    """Calling convention of what a FUNCTION operand names."""
    if ordinal & IMPORT_BIT:
        return module.import_conventions[ordinal & ~IMPORT_BIT]
    return module.functions[ordinal].convention


def flat_argument_kinds(convention: CallingConvention, segments: tuple[int, ...] | None) -> str:
    """One kind for each argument register of a call; spans are repeated as the segment counts say."""
    kinds: list[str] = []
    for index, argument in enumerate(convention.arguments):
        if isinstance(argument, Span):
            count = segments[index] if segments is not None else 0
            kinds.append(argument.element * (0 if count == SEGMENT_NOT_VARIADIC else count))
        else:
            kinds.append(argument)
    return "".join(kinds)


def remap_register(raw: int) -> tuple[bool, int, bool]:
    """Split a register of a remap list: (is a ref, ordinal, is moved)."""
    if raw & REF_BIT:
        return True, raw & REF_ORDINAL_MASK, bool(raw & MOVE_BIT)
    return False, raw, False


def _register(kind: OperandKind, raw: int) -> Register:
    if kind in REF_KINDS:
        return Register("r", raw & REF_ORDINAL_MASK, kind is _REF_MOVE and bool(raw & MOVE_BIT))
    return Register(_REGISTER_KINDS[kind], raw)


def _typed_registers(kinds: str, registers: tuple[int, ...]) -> tuple[Register, ...]:
    # Why not strict: more registers than the convention asks for are allowed, and ignored.
    return tuple(
        Register(kind, raw & REF_ORDINAL_MASK, bool(raw & MOVE_BIT)) if kind == "r" else Register(kind, raw)
        for kind, raw in zip(kinds, registers, strict=False)
    )


def _access_of_release(instruction: Instruction) -> Access:
    registers = cast("tuple[int, ...]", instruction.operands[-1])
    refs = [raw for raw in registers if raw & REF_BIT]
    if instruction.opcode.name != "discard.refs":
        refs = [raw for raw in refs if raw & MOVE_BIT]
    return Access(discarded=tuple(raw & REF_ORDINAL_MASK for raw in refs))


def _access_of_call(module: DecodedModule, instruction: Instruction) -> Access:
    segments: tuple[int, ...] | None = None
    lists: list[tuple[int, ...]] = []
    jumps: tuple[Jump, ...] = ()
    for operand, value in zip(instruction.opcode.operands, instruction.operands, strict=True):
        if operand.kind is _SEGMENTS:
            segments = cast("tuple[int, ...]", value)
        elif operand.kind is _REGISTERS:
            lists.append(cast("tuple[int, ...]", value))
        elif operand.kind is _BLOCK:
            jumps = (Jump(cast("int", value), ()),)
    ordinal = cast("int", instruction.operands[0])
    convention = callee_convention(module, ordinal)
    return Access(
        inputs=_typed_registers(flat_argument_kinds(convention, segments), lists[0]),
        results=_typed_registers(convention.results, lists[1]),
        immediates=(ordinal, segments),
        jumps=jumps,
    )


class _Collector:
    """Sorts the operands of an ordinary instruction."""

    def __init__(self) -> None:
        self.inputs: list[Register] = []
        self.results: list[Register] = []
        self.immediates: list[object] = []
        self.targets: list[int] = []
        self.jumps: list[Jump] = []

    def add(self, operand: Operand, value: object) -> None:
        kind = operand.kind
        registers = self.results if operand.is_result else self.inputs
        if kind in REGISTER_KINDS:
            registers.append(_register(kind, cast("int", value)))
        elif kind is _REGISTERS and operand.element is not None:
            element = operand.element
            registers.extend(_register(element, raw) for raw in cast("tuple[int, ...]", value))
        elif kind is _BLOCK:
            self.targets.append(cast("int", value))
        elif kind is _REMAP:
            self.jumps.append(Jump(self.targets.pop(), cast("RemapList", value)))
        elif kind is _CASES:
            self.jumps.extend(Jump(target, remap) for target, remap in cast("Cases", value))
        else:
            self.immediates.append(value)

    def finish(self) -> Access:
        return Access(tuple(self.inputs), tuple(self.results), tuple(self.immediates), tuple(self.jumps))
