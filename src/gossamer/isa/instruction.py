"""One decoded instruction: an opcode and the values of its operands."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from gossamer.isa.opcodes import Opcode

RemapList: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of raw (source, target) registers, copied one after the other."""

Cases: TypeAlias = tuple[tuple[int, RemapList], ...]
"""Pairs of (block offset, remap list), one a case."""

OperandValue: TypeAlias = int | float | bytes | tuple[int, ...] | RemapList | Cases
"""Value of an operand, by its kind:

    registers            raw u16, ref and move bits included
    immediates           int (signed) or float
    GLOBAL RODATA TYPE   int
    FUNCTION             int, IMPORT_BIT included
    STRING               bytes
    BLOCK                int, offset in the function
    REMAP, CASES         as above
    REGISTERS, SEGMENTS  tuple of raw u16
"""


class Instruction(NamedTuple):
    """An operation with its operand values, parallel to `opcode.operands`.

    Attributes:
        offset: byte offset of the instruction in its function.
        length: its size in bytes, prefix and padding included.
    """

    opcode: Opcode
    operands: tuple[OperandValue, ...]
    offset: int = 0
    length: int = 0
