"""Bytecode of one function → instructions.

Decoding checks the encoding only: known opcodes, operands that end before the function does. Blocks,
registers and ordinals are the business of the VM's verifier.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from gossamer.errors import FormatError
from gossamer.isa.instruction import Cases, Instruction, OperandValue, RemapList
from gossamer.isa.opcodes import (
    EXTENSIONS_BY_PREFIX,
    OPCODES,
    OPCODES_BY_NUMBER,
    Extension,
    Opcode,
    OperandKind,
)

FIXED_FORMATS: dict[OperandKind, str] = {
    OperandKind.I32: "H",
    OperandKind.I64: "H",
    OperandKind.F32: "H",
    OperandKind.F64: "H",
    OperandKind.REF: "H",
    OperandKind.REF_MOVE: "H",
    OperandKind.IMMEDIATE_I32: "i",
    OperandKind.IMMEDIATE_I64: "q",
    OperandKind.IMMEDIATE_F32: "f",
    OperandKind.IMMEDIATE_F64: "d",
    OperandKind.GLOBAL: "I",
    OperandKind.RODATA: "I",
    OperandKind.FUNCTION: "I",
    OperandKind.TYPE: "I",
    OperandKind.BLOCK: "I",
}
"""`struct` format characters of the operands that always have one size; none is aligned."""

_TABLE = "bytecode"
# Why: a member of an enumeration is looked up by a Python function each time.
_CORE = Extension.CORE
_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")


def _fixed_structs() -> dict[Opcode, struct.Struct]:
    """One `struct` for all operands of an operation, where each of them has one size."""
    return {
        opcode: struct.Struct("<" + "".join(FIXED_FORMATS[operand.kind] for operand in opcode.operands))
        for opcode in OPCODES
        if all(operand.kind in FIXED_FORMATS for operand in opcode.operands)
    }


_FIXED_STRUCTS = _fixed_structs()
_SINGLE_STRUCTS = {kind: struct.Struct("<" + character) for kind, character in FIXED_FORMATS.items()}
# By first byte, or by prefix and second byte: how to decode what follows.
_PAGES: dict[Extension, list[tuple[Opcode, struct.Struct | None] | None]] = {
    extension: [
        (opcode, _FIXED_STRUCTS.get(opcode)) if (opcode := OPCODES_BY_NUMBER.get((extension, byte))) else None
        for byte in range(256)
    ]
    for extension in Extension
}


def decode_function(bytecode: bytes | memoryview, *, base_offset: int = 0) -> tuple[Instruction, ...]:
    """Decode all instructions of a function.

    Args:
        bytecode: the function's bytes, without the padding after it; borrowed for the call.
        base_offset: where `bytecode` starts in its file or section; for messages only.
    Returns: instructions in stream order; their offsets are relative to the function.
    Raises: FormatError with the offset of an unknown opcode or of an operand that passes the end.
    """
    view = bytecode.cast("B") if isinstance(bytecode, memoryview) else bytecode
    cursor = _Cursor(view, base_offset)
    instructions: list[Instruction] = []
    while cursor.position < cursor.end:
        instructions.append(_decode_instruction(cursor))
    return tuple(instructions)


class _Cursor:
    """A position in a function's bytes; every read checks the end."""

    __slots__ = ("base_offset", "data", "end", "position")

    def __init__(self, data: bytes | memoryview, base_offset: int) -> None:
        self.data = data
        self.base_offset = base_offset
        self.position = 0
        self.end = len(data)

    def error(self, message: str, position: int | None = None) -> FormatError:
        at = self.position if position is None else position
        return FormatError(message, table=_TABLE, offset=self.base_offset + at)

    def unpack(self, layout: struct.Struct) -> tuple[int | float, ...]:
        position = self.position
        if layout.size > self.end - position:
            raise self.error(f"operand of {layout.size} bytes passes the end of the function")
        self.position = position + layout.size
        return layout.unpack_from(self.data, position)

    def read_u16(self) -> int:
        position = self.position
        if position + 2 > self.end:
            raise self.error("operand of 2 bytes passes the end of the function")
        self.position = position + 2
        return _U16.unpack_from(self.data, position)[0]

    def read_u32(self) -> int:
        position = self.position
        if position + 4 > self.end:
            raise self.error("operand of 4 bytes passes the end of the function")
        self.position = position + 4
        return _U32.unpack_from(self.data, position)[0]

    def read_u16s(self, count: int) -> tuple[int, ...]:
        position = self.position
        if 2 * count > self.end - position:
            raise self.error(f"list of {count} registers passes the end of the function")
        self.position = position + 2 * count
        return struct.unpack_from(f"<{count}H", self.data, position)


def _decode_instruction(cursor: _Cursor) -> Instruction:
    start = cursor.position
    byte = cursor.data[start]
    page = _CORE
    cursor.position = start + 1
    if byte in EXTENSIONS_BY_PREFIX:
        if cursor.position >= cursor.end:
            raise cursor.error(f"opcode prefix 0x{byte:02X} is the last byte of the function", start)
        page = EXTENSIONS_BY_PREFIX[byte]
        byte = cursor.data[cursor.position]
        cursor.position += 1
    entry = _PAGES[page][byte]
    if entry is None:
        where = "" if page is _CORE else f" of page {page.name}"
        raise cursor.error(f"unknown opcode 0x{byte:02X}{where}", start)
    opcode, layout = entry
    if layout is not None:
        operands: tuple[OperandValue, ...] = cursor.unpack(layout)
    else:
        operands = tuple(_READERS[operand.kind](cursor) for operand in opcode.operands)
    return Instruction(opcode, operands, start, cursor.position - start)


def _read_registers(cursor: _Cursor) -> tuple[int, ...]:
    # Why: lists start at an even offset of the function; what the padding holds does not matter.
    cursor.position += cursor.position & 1
    return cursor.read_u16s(cursor.read_u16())


def _read_remap(cursor: _Cursor) -> RemapList:
    cursor.position += cursor.position & 1
    registers = cursor.read_u16s(2 * cursor.read_u16())
    return tuple(zip(registers[::2], registers[1::2], strict=True))


def _read_string(cursor: _Cursor) -> bytes:
    length = cursor.read_u16()
    position = cursor.position
    if length > cursor.end - position:
        raise cursor.error(f"string of {length} bytes passes the end of the function")
    cursor.position = position + length
    return bytes(cursor.data[position : position + length])


def _read_cases(cursor: _Cursor) -> Cases:
    # Why: a list, not a tuple of the count: the count is not trusted before the cases are there.
    cases: list[tuple[int, RemapList]] = []
    for _ in range(cursor.read_u16()):
        target = cursor.read_u32()
        cases.append((target, _read_remap(cursor)))
    return tuple(cases)


def _fixed_reader(layout: struct.Struct) -> Callable[[_Cursor], OperandValue]:
    return lambda cursor: cursor.unpack(layout)[0]


_READERS: dict[OperandKind, Callable[[_Cursor], OperandValue]] = {
    **{kind: _fixed_reader(layout) for kind, layout in _SINGLE_STRUCTS.items()},
    OperandKind.STRING: _read_string,
    OperandKind.REGISTERS: _read_registers,
    OperandKind.SEGMENTS: _read_registers,
    OperandKind.REMAP: _read_remap,
    OperandKind.CASES: _read_cases,
}
