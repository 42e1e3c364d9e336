"""Functions that run operations on values over a table of operands, as text for the reference's assembler.

`function(table, results)` takes two buffers. Operands are columns of the first, results columns of the
second; a column has 8 bytes for each row. All operations of a group share one loop.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from conformance_operands import operand_tuples

from gossamer.isa.opcodes import OPCODES, VALUE_KINDS, Opcode, OperandKind

ROW_COUNT = 331
"""Odd, so that a vectorised loop has a rest."""

_TYPES = {"i": "i32", "I": "i64", "f": "f32", "F": "f64"}
_FORMATS = {"i": "<I", "I": "<Q", "f": "<I", "F": "<Q"}
_SIZES = {"i": 4, "I": 8, "f": 4, "F": 8}
_SWITCH_CASES = 2


@dataclass(frozen=True)
class TableOperation:
    """An operation on values: kinds of its operands, kind of its result, text with `{}` for operands."""

    name: str
    operands: str
    result: str
    text: str


@dataclass(frozen=True)
class Table:
    """A group of operations with the same operands.

    Attributes:
        rows: operand bits.
    """

    name: str
    operations: tuple[TableOperation, ...]
    rows: tuple[tuple[int, ...], ...]

    def input_bytes(self) -> bytes:
        """The operands, column by column."""
        columns: list[bytes] = []
        for index, kind in enumerate(self.operations[0].operands):
            column = b"".join(struct.pack(_FORMATS[kind], row[index]) for row in self.rows)
            columns.append(column.ljust(8 * len(self.rows), b"\0"))
        return b"".join(columns)

    def output_length(self) -> int:
        """Bytes of all result columns."""
        return 8 * len(self.rows) * len(self.operations)

    def results(self, output: bytes) -> dict[str, list[int]]:
        """Result bits of each operation."""
        columns: dict[str, list[int]] = {}
        for index, operation in enumerate(self.operations):
            size = _SIZES[operation.result]
            start = 8 * len(self.rows) * index
            column = output[start : start + size * len(self.rows)]
            layout = struct.Struct(_FORMATS[operation.result])
            columns[operation.name] = [bits for (bits,) in layout.iter_unpack(column)]
        return columns


def table_operations() -> list[TableOperation]:
    """All operations that read registers and write one, all of value types."""
    return [operation for opcode in OPCODES if (operation := _table_operation(opcode)) is not None]


def _table_operation(opcode: Opcode) -> TableOperation | None:
    kinds = [operand.kind for operand in opcode.operands]
    family = opcode.name.partition(".")[0]
    if family == "switch" and opcode.name != "switch.ref":
        result = opcode.results[0].kind.value
        values = ", ".join(f"{{{2 + index}}}" for index in range(_SWITCH_CASES))
        operands = f"i{result}{result * _SWITCH_CASES}"
        return TableOperation(opcode.name, operands, result, f"{{0}}[{values}] else {{1}}")
    # The indirect global loads have the same shape but read more than their operand.
    if not set(kinds) <= VALUE_KINDS or len(opcode.results) != 1 or family == "global":
        return None
    operands = "".join(operand.kind.value for operand in opcode.operands if not operand.is_result)
    if not operands:
        return None
    text = ", ".join(f"{{{index}}}" for index in range(len(operands)))
    if family == "select":
        text = "{0} ? {1} : {2}"
    return TableOperation(opcode.name, operands, opcode.results[0].kind.value, text)


_DIVISIONS = ("div.i", "rem.i")
_LIBRARY = (
    *("atan", "atan2", "cos", "sin", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "pow"),
    *("tanh", "erf", "rem"),
)


def tables() -> list[Table]:
    """All table operations, in groups: by operands, divisions and library functions apart."""
    groups: dict[str, list[TableOperation]] = {}
    for operation in table_operations():
        family = operation.name.partition(".")[0]
        is_float = operation.result in "fF"
        if operation.name.startswith(_DIVISIONS):
            role = "division"
        elif family in _LIBRARY and is_float:
            role = "library"
        else:
            role = family if family == "switch" else "plain"
        key = f"{role}_{operation.operands.replace('I', 'l').replace('F', 'd')}"
        groups.setdefault(key, []).append(operation)
    return [Table(key, tuple(group), tuple(_rows(key, group))) for key, group in groups.items()]


def _rows(key: str, group: list[TableOperation]) -> list[tuple[int, ...]]:
    kinds = group[0].operands
    if key.startswith("switch"):
        tuples = operand_tuples(kinds, ROW_COUNT)
        # Every index that selects something, and some that do not.
        indices = (0, 1, 2, 3, 0xFFFF_FFFF, 0x8000_0000)
        return [(indices[row % len(indices)], *bits[1:]) for row, bits in enumerate(tuples)]
    if not key.startswith("division"):
        return operand_tuples(kinds, ROW_COUNT)
    # Why: the reference's process dies on these; what we do is tested without it.
    lowest, minus_one = (1 << 31, (1 << 32) - 1) if kinds[0] == "i" else (1 << 63, (1 << 64) - 1)
    allowed = [
        row
        for row in operand_tuples(kinds, 2 * ROW_COUNT)
        if row[1] != 0 and not (row[0] == lowest and row[1] == minus_one)
    ]
    return allowed[:ROW_COUNT]


def register(kind: str, cell: int) -> str:
    """A register of a kind, as the assembler writes it."""
    return f"%i{cell}:{cell + 1}" if kind in "IF" else f"%i{cell}"


def table_text(table: Table) -> str:
    """The function of a table."""
    operands = table.operations[0].operands
    cells = [16 + 2 * index for index in range(len(operands))]
    registers = [register(kind, cell) for kind, cell in zip(operands, cells, strict=True)]
    body: list[str] = []
    for index, (kind, name) in enumerate(zip(operands, registers, strict=True)):
        body += _column_index(len(table.rows), index, kind)
        body.append(f"{name} = vm.buffer.load.{_TYPES[kind]} %r0, %i8:9")
    for index, operation in enumerate(table.operations):
        result = register(operation.result, 40)
        body.append(f"{result} = vm.{operation.name} {operation.text.format(*registers)}")
        body += _column_index(len(table.rows), index, operation.result)
        body.append(f"vm.buffer.store.{_TYPES[operation.result]} {result}, %r1, %i8:9")
    return loop_function(table.name, len(table.rows), body)


def _column_index(rows: int, column: int, kind: str) -> list[str]:
    """Element of a column at the row in %i0:1, into %i8:9."""
    base = 8 * rows * column // _SIZES[kind]
    return [f"%i8:9 = vm.const.i64 {base}", "%i8:9 = vm.add.i64 %i0:1, %i8:9"]


def loop_function(name: str, count: int, body: list[str]) -> str:
    """`name(buffer, buffer)` that runs `body` for %i0:1 from 0 to `count`."""
    lines = "\n".join(f"  {line}" for line in body)
    return f"""\
vm.export @{name}
vm.func @{name}(%r0: !vm.ref<?>, %r1: !vm.ref<?>) -> () {{
^bb0:
  %i0:1 = vm.const.i64.zero
  %i2:3 = vm.const.i64 {count}
  %i4:5 = vm.const.i64 1
  vm.br ^bb1()
^bb1:
  %i6 = vm.cmp.lt.i64.s %i0:1, %i2:3
  vm.cond_br %i6, ^bb2(), ^bb3()
^bb2:
{lines}
  %i0:1 = vm.add.i64 %i0:1, %i4:5
  vm.br ^bb1()
^bb3:
  vm.discard.refs %r0, %r1
  vm.return
}}

"""


IMMEDIATE_KINDS = (
    OperandKind.IMMEDIATE_I32,
    OperandKind.IMMEDIATE_I64,
    OperandKind.IMMEDIATE_F32,
    OperandKind.IMMEDIATE_F64,
)
