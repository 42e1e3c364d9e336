"""The registers of one function call.

The value bank is 32-bit cells; an i64 or f64 takes two and is named by the lower, even one. Cells have no
type: what was written as f32 may be read as i32 and copied in halves, so the bank is bytes with typed views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from gossamer.errors import InternalStatusError
from gossamer.isa.instruction import Instruction, RemapList
from gossamer.isa.opcodes import MOVE_BIT, REF_BIT, REF_ORDINAL_MASK, OperandKind
from gossamer.vm.bytecode.decoded import DecodedFunction, register_capacity
from gossamer.vm.numbers.rounding import f32_from_bits, f32_to_bits


class Frame:
    """Registers and position of one call; all registers are zero and null at first.

    Attributes:
        function: what is called.
        index: of the next instruction.
        refs: the ref bank.
        pending_results: where the results of the call in progress go, raw registers.
        pending_block: offset of the block to go on with after that call, or None for the next instruction.
    """

    __slots__ = ("f64", "function", "i32", "i64", "index", "pending_block", "pending_results", "refs")

    def __init__(self, function: DecodedFunction) -> None:
        descriptor = function.descriptor
        # Why: at least one 64-bit cell, so that both views cover the bank.
        cells = memoryview(bytearray(max(register_capacity(descriptor.i32_register_count), 2) * 4))
        self.function = function
        self.index = 1  # past the marker of the entry block
        self.i32 = cells.cast("i")
        self.i64 = cells.cast("q")
        self.f64 = cells.cast("d")
        self.refs: list[object] = [None] * register_capacity(descriptor.ref_register_count)
        self.pending_results: tuple[int, ...] = ()
        self.pending_block: int | None = None

    def jump(self, block_offset: int) -> None:
        """Go on after the marker of the block at a byte offset."""
        function = self.function
        self.index = function.blocks[function.blocks_by_offset[block_offset]].first + 1

    def remap(self, pairs: RemapList) -> None:
        """Copy registers one pair after the other; values by 32-bit cells."""
        for source, target in pairs:
            if target & REF_BIT:
                self.refs[target & REF_ORDINAL_MASK] = read_ref_or_move(self, source)
            else:
                self.i32[target] = self.i32[source]

    def program_counter(self) -> int:
        """Byte offset of the instruction that ran last."""
        instructions = self.function.instructions
        return instructions[min(max(self.index - 1, 0), len(instructions) - 1)].offset


Tracer: TypeAlias = Callable[[Frame, Instruction], None]
"""Called with a frame and the instruction that is about to run in it."""

Reader: TypeAlias = Callable[[Frame, int], object]
Writer: TypeAlias = Callable[[Frame, int, object], None]


def read_i32(frame: Frame, register: int) -> int:
    """Cell as a signed integer."""
    return frame.i32[register]


def read_i64(frame: Frame, register: int) -> int:
    """Pair of cells as a signed integer."""
    return frame.i64[register >> 1]


def read_f32(frame: Frame, register: int) -> float:
    """Cell as an f32, every NaN bit for bit."""
    return f32_from_bits(frame.i32[register])


def read_f64(frame: Frame, register: int) -> float:
    """Pair of cells as an f64."""
    return frame.f64[register >> 1]


def read_ref(frame: Frame, register: int) -> object:
    """Ref, which stays in its register."""
    return frame.refs[register & REF_ORDINAL_MASK]


def read_ref_or_move(frame: Frame, register: int) -> object:
    """Ref, which leaves its register if the register is marked MOVE."""
    ordinal = register & REF_ORDINAL_MASK
    value = frame.refs[ordinal]
    if register & MOVE_BIT:
        frame.refs[ordinal] = None
    return value


def _write_i32(frame: Frame, register: int, value: object) -> None:
    if not isinstance(value, int):
        raise _wrong_value(value, "i32")
    frame.i32[register] = value


def _write_i64(frame: Frame, register: int, value: object) -> None:
    if not isinstance(value, int):
        raise _wrong_value(value, "i64")
    frame.i64[register >> 1] = value


def _write_f32(frame: Frame, register: int, value: object) -> None:
    if not isinstance(value, float):
        raise _wrong_value(value, "f32")
    frame.i32[register] = f32_to_bits(value)


def _write_f64(frame: Frame, register: int, value: object) -> None:
    if not isinstance(value, float):
        raise _wrong_value(value, "f64")
    frame.f64[register >> 1] = value


def _write_ref(frame: Frame, register: int, value: object) -> None:
    frame.refs[register & REF_ORDINAL_MASK] = value


def _wrong_value(value: object, value_type: str) -> InternalStatusError:
    return InternalStatusError(f"an operation gave {value!r} for a register of type {value_type}")


READERS: Mapping[OperandKind, Reader] = {
    OperandKind.I32: read_i32,
    OperandKind.I64: read_i64,
    OperandKind.F32: read_f32,
    OperandKind.F64: read_f64,
    OperandKind.REF: read_ref,
    OperandKind.REF_MOVE: read_ref_or_move,
}
"""How registers read, by operand kind."""

WRITERS: Mapping[OperandKind, Writer] = {
    OperandKind.I32: _write_i32,
    OperandKind.I64: _write_i64,
    OperandKind.F32: _write_f32,
    OperandKind.F64: _write_f64,
    OperandKind.REF: _write_ref,
    OperandKind.REF_MOVE: _write_ref,
}
"""How registers are written, by operand kind."""

_CONVENTION_KINDS: Mapping[str, OperandKind] = {
    "i": OperandKind.I32,
    "I": OperandKind.I64,
    "f": OperandKind.F32,
    "F": OperandKind.F64,
    "r": OperandKind.REF_MOVE,
}

VALUE_READERS: Mapping[str, Reader] = {
    character: READERS[kind] for character, kind in _CONVENTION_KINDS.items()
}
"""How registers read, by value character of a calling convention."""

VALUE_WRITERS: Mapping[str, Writer] = {
    character: WRITERS[kind] for character, kind in _CONVENTION_KINDS.items()
}
"""How registers are written, by value character of a calling convention."""


def entry_registers(arguments: str) -> tuple[int, ...]:
    """Registers that a function's arguments arrive in, raw.

    Args:
        arguments: value characters; each bank fills from 0, and a 64-bit value starts at an even cell.
    """
    registers: list[int] = []
    cell = ref = 0
    for character in arguments:
        if character == "r":
            registers.append(ref | REF_BIT)
            ref += 1
            continue
        size = 2 if character in "IF" else 1
        cell += cell % size
        registers.append(cell)
        cell += size
    return tuple(registers)
