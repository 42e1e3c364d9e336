"""Instructions → bytecode of one function.

    assembler = Assembler()
    done = assembler.new_label()
    assembler.block()
    assembler.emit("const.i32", 7, 0)
    assembler.emit("br", done, ())
    assembler.block(done)
    assembler.emit("return", (0,))
    bytecode, block_count, offsets = assembler.finish()

Blocks are named by labels, so code can branch to blocks that are not there yet. Misuse (an unknown
operation, a value that does not fit) is a fault of the caller and raises ValueError.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, cast

from gossamer.isa.decode import FIXED_FORMATS
from gossamer.isa.instruction import Cases, Instruction, OperandValue, RemapList
from gossamer.isa.opcodes import OPCODES_BY_NAME, Extension, Opcode, Operand, OperandKind


@dataclass(frozen=True, slots=True)
class Label:
    """A block of one assembler, placed or still to be placed."""

    ordinal: int


AssemblyValue: TypeAlias = OperandValue | Label | Sequence[tuple[Label, RemapList]]
"""What `Assembler.emit` takes for an operand: as in an `Instruction`, with labels for block offsets."""


class AssembledFunction(NamedTuple):
    """What an assembler made.

    Attributes:
        bytecode: all instructions, without padding after them.
        block_count: how many blocks it has.
        offsets: of each instruction, in the order they were emitted (blocks included).
    """

    bytecode: bytes
    block_count: int
    offsets: tuple[int, ...]


class Assembler:
    """Builds the bytecode of one function, instruction by instruction."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._offsets: list[int] = []
        self._block_count = 0
        self._labels: list[int | None] = []
        self._fixups: list[tuple[int, Label]] = []

    @property
    def position(self) -> int:
        """Offset of the next instruction."""
        return len(self._bytes)

    def new_label(self) -> Label:
        """Make a label to branch to before its block is placed."""
        self._labels.append(None)
        return Label(len(self._labels) - 1)

    def block(self, label: Label | None = None) -> Label:
        """Start a block here, under `label` or a new one, and return its label.

        Raises: ValueError where the label is placed already.
        """
        label = self.new_label() if label is None else label
        if self._labels[label.ordinal] is not None:
            raise ValueError(f"label {label.ordinal} is placed already")
        self._labels[label.ordinal] = self.position
        self.emit("block")
        return label

    def emit(self, name: str, *values: AssemblyValue) -> int:
        """Append an instruction and return its offset.

        Args:
            name: of the operation, without the `vm.` prefix.
            values: one for each operand, in the order of the opcode table; a Label for each block.
        Raises: ValueError where the operation is unknown or a value does not fit its operand.
        """
        opcode = OPCODES_BY_NAME.get(name)
        if opcode is None:
            raise ValueError(f"unknown operation {name!r}")
        if len(values) != len(opcode.operands):
            raise ValueError(f"{name} has {len(opcode.operands)} operands, not {len(values)}")
        offset = self.position
        self._offsets.append(offset)
        self._block_count += name == "block"
        if opcode.extension is not Extension.CORE:
            self._bytes.append(opcode.extension.value)
        self._bytes.append(opcode.number)
        for operand, value in zip(opcode.operands, values, strict=True):
            try:
                self._append_operand(operand, value)
            except (struct.error, OverflowError, TypeError) as error:
                message = f"{name}: {value!r} does not fit an operand of kind {operand.kind.value!r}: {error}"
                raise ValueError(message) from None
        return offset

    def finish(self) -> AssembledFunction:
        """Resolve labels and return the function; the assembler can go on.

        Raises: ValueError where a label that is branched to has no block.
        """
        bytecode = bytearray(self._bytes)
        for position, label in self._fixups:
            target = self._labels[label.ordinal]
            if target is None:
                raise ValueError(f"label {label.ordinal} is branched to but has no block")
            struct.pack_into("<I", bytecode, position, target)
        return AssembledFunction(bytes(bytecode), self._block_count, tuple(self._offsets))

    def _append_operand(self, operand: Operand, value: AssemblyValue) -> None:
        kind = operand.kind
        if kind is OperandKind.BLOCK:
            self._append_label(cast(Label, value))
        elif kind in FIXED_FORMATS:
            self._bytes += struct.pack("<" + FIXED_FORMATS[kind], value)
        elif kind is OperandKind.STRING:
            text = cast(bytes, value)
            self._bytes += struct.pack("<H", len(text)) + text
        elif kind is OperandKind.CASES:
            cases = cast(Sequence[tuple[Label, RemapList]], value)
            self._bytes += struct.pack("<H", len(cases))
            for label, remap in cases:
                self._append_label(label)
                self._append_remap(remap)
        elif kind is OperandKind.REMAP:
            self._append_remap(cast(RemapList, value))
        else:
            self._append_list(cast("tuple[int, ...]", value))

    def _append_label(self, label: Label) -> None:
        if not isinstance(cast(object, label), Label):
            raise TypeError("a block is named by its label")
        self._fixups.append((self.position, label))
        self._bytes += b"\0\0\0\0"

    def _append_list(self, registers: Sequence[int]) -> None:
        self._align()
        self._bytes += struct.pack(f"<H{len(registers)}H", len(registers), *registers)

    def _append_remap(self, remap: RemapList) -> None:
        self._align()
        registers = [register for pair in remap for register in pair]
        self._bytes += struct.pack(f"<H{len(registers)}H", len(remap), *registers)

    def _align(self) -> None:
        """Lists start at an even offset of the function."""
        if len(self._bytes) & 1:
            self._bytes.append(0)


def encode_function(instructions: Iterable[Instruction]) -> bytes:
    """Encode decoded instructions.

    Block operands are offsets of `block` instructions as their `offset` says; they are moved to where those
    blocks end up, so instructions may be removed, or added with an offset of their own.

    Returns: the bytecode without padding after it.
    Raises: ValueError where a target is the offset of no block, or a value does not fit.
    """
    instructions = tuple(instructions)
    assembler = Assembler()
    labels = {i.offset: assembler.new_label() for i in instructions if i.opcode.name == "block"}
    for instruction in instructions:
        if instruction.opcode.name == "block":
            assembler.block(labels[instruction.offset])
        else:
            values = _with_labels(instruction.opcode, instruction.operands, labels)
            assembler.emit(instruction.opcode.name, *values)
    return assembler.finish().bytecode


def _with_labels(
    opcode: Opcode, operands: Sequence[OperandValue], labels: dict[int, Label]
) -> list[AssemblyValue]:
    def label_of(target: int) -> Label:
        if target not in labels:
            raise ValueError(f"{opcode.name}: no block at offset {target}")
        return labels[target]

    values: list[AssemblyValue] = []
    for operand, value in zip(opcode.operands, operands, strict=True):
        if operand.kind is OperandKind.BLOCK:
            values.append(label_of(cast(int, value)))
        elif operand.kind is OperandKind.CASES:
            values.append([(label_of(target), remap) for target, remap in cast(Cases, value)])
        else:
            values.append(value)
    return values
