"""Writes `docs/isa.md` from the opcode table: `python -m gossamer.isa.docs docs/isa.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from gossamer.isa.opcodes import EXTENSIONS_BY_PREFIX, OPCODES, Extension, Opcode, Operand, OperandKind

_INTRODUCTION = """\
# The VM instruction set

Bytecode version 17.0, {count} operations. This page is written by `python -m gossamer.isa.docs docs/isa.md`
from the table in `src/gossamer/isa/opcodes.py`; change that table, not this page.

An instruction is its opcode, one byte, and its operands in the order shown, little endian. Operations on the
F32 and F64 pages have a prefix byte first, and a function that uses a page says so in its requirements.
A terminator ends a block; the byte after it starts the next block (`block`).

## Operands

| notation | bytes | meaning |
|---|---|---|
"""

_OPERAND_NOTES: dict[OperandKind, tuple[str, str]] = {
    OperandKind.I32: ("2", "register of an i32"),
    OperandKind.I64: ("2", "register of an i64: the lower, even one of two"),
    OperandKind.F32: ("2", "register of an f32"),
    OperandKind.F64: ("2", "register of an f64: the lower, even one of two"),
    OperandKind.REF: ("2", "register of a ref (bit 15 set); it keeps the ref"),
    OperandKind.REF_MOVE: ("2", "register of a ref; bit 14 set moves the ref out of it"),
    OperandKind.IMMEDIATE_I32: ("4", "i32 immediate, not aligned"),
    OperandKind.IMMEDIATE_I64: ("8", "i64 immediate, not aligned"),
    OperandKind.IMMEDIATE_F32: ("4", "f32 immediate, not aligned"),
    OperandKind.IMMEDIATE_F64: ("8", "f64 immediate, not aligned"),
    OperandKind.GLOBAL: ("4", "byte offset of a value global, or ordinal of a ref global"),
    OperandKind.RODATA: ("4", "index of a rodata segment"),
    OperandKind.FUNCTION: ("4", "function ordinal; bit 31 set means an import"),
    OperandKind.TYPE: ("4", "index of a type"),
    OperandKind.STRING: ("2 + n", "length and bytes of a string, without terminator"),
    OperandKind.BLOCK: ("4", "offset of a `block` in the function"),
    OperandKind.REMAP: ("2 + 4n", "at an even offset: count, then pairs of source and target register"),
    OperandKind.REGISTERS: ("2 + 2n", "at an even offset: count, then registers, `*` for any type"),
    OperandKind.SEGMENTS: (
        "2 + 2n",
        "at an even offset: count, then one size for each argument, 65535 if plain",
    ),
    OperandKind.CASES: ("2 + ...", "count, then a block and a remap list (`P R`) for each case"),
}

_PAGE_TITLES = {
    Extension.CORE: "Core",
    Extension.F32: "F32 page",
    Extension.F64: "F64 page",
}


def isa_page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION.format(count=sum(opcode.name != "block" for opcode in OPCODES))]
    for kind, (size, meaning) in _OPERAND_NOTES.items():
        notation = "[x]" if kind is OperandKind.REGISTERS else kind.value
        parts.append(f"| `{notation}` | {size} | {meaning} |\n")
    parts.append("| `>x` | | the operand is a result |\n")
    prefixes = {extension: prefix for prefix, extension in EXTENSIONS_BY_PREFIX.items()}
    for extension, title in _PAGE_TITLES.items():
        prefix = f", prefix `0x{prefixes[extension]:02X}`" if extension in prefixes else ""
        parts.append(f"\n## {title}{prefix}\n\n| opcode | operation | operands | |\n|---|---|---|---|\n")
        parts += [_row(opcode) for opcode in OPCODES if opcode.extension is extension]
    return "".join(parts)


def _row(opcode: Opcode) -> str:
    operands = " ".join(_notation(operand) for operand in opcode.operands)
    cell = f"`{operands}`" if operands else ""
    terminator = "terminator" if opcode.is_terminator else ""
    return f"| `0x{opcode.number:02X}` | `vm.{opcode.name}` | {cell} | {terminator} |\n"


def _notation(operand: Operand) -> str:
    text = operand.kind.value
    if operand.kind is OperandKind.REGISTERS:
        text = f"[{operand.element.value if operand.element else '*'}]"
    return f">{text}" if operand.is_result else text


def main() -> int:
    """Write the page to the file named by the only argument."""
    if len(sys.argv) != 2:
        print("usage: python -m gossamer.isa.docs docs/isa.md", file=sys.stderr)
        return 2
    Path(sys.argv[1]).write_text(isa_page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
