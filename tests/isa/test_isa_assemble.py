"""Instructions as text: what the disassembler prints is read back, what is wrong has a place."""

from __future__ import annotations

import pytest

from gossamer.errors import InvalidArgumentError
from gossamer.isa.assemble import FunctionText
from gossamer.isa.assembly_scanner import AssemblySyntaxError, ScannedLine
from gossamer.isa.decode import decode_function
from gossamer.isa.disassemble import disassemble_function
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import IMPORT_BIT, MOVE_BIT, OPCODES, REF_BIT, Opcode, Operand, OperandKind


class Symbols:
    """Names whose ordinals are in them: `t3`, `f3`, `i3` for imports; globals at 8 bytes each."""

    def type_ordinal(self, name: str) -> int:
        return int(name.removeprefix("!t"))

    def function_ordinal(self, name: str) -> int:
        if name[0] not in "fi":
            raise InvalidArgumentError(f"there is no function @{name}")
        return int(name[1:]) | (IMPORT_BIT if name[0] == "i" else 0)

    def global_place(self, name: str, size: int) -> int:
        return 8 * int(name.removeprefix("g")) + size

    def use_global(self, place: int, size: int) -> None: ...

    def type_name(self, ordinal: int) -> str:
        return f"!t{ordinal}"

    def function_name(self, ordinal: int) -> str:
        return f"i{ordinal & ~IMPORT_BIT}" if ordinal & IMPORT_BIT else f"f{ordinal}"

    def rodata_size(self, ordinal: int) -> int:
        return ordinal


def _assemble(text: str) -> bytes:
    function = FunctionText(Symbols())
    for number, line in enumerate(text.splitlines(), 1):
        function.add_line(ScannedLine.of(number, line))
    return function.finish().bytecode


_VALUES = {
    OperandKind.I32: 3,
    OperandKind.I64: 4,
    OperandKind.F32: 5,
    OperandKind.F64: 6,
    OperandKind.REF: REF_BIT | 2,
    OperandKind.REF_MOVE: REF_BIT | MOVE_BIT | 1,
    OperandKind.IMMEDIATE_I32: -7,
    OperandKind.IMMEDIATE_I64: 1 << 40,
    OperandKind.IMMEDIATE_F32: 1.5,
    OperandKind.IMMEDIATE_F64: 0.1,
    OperandKind.GLOBAL: 16,
    OperandKind.RODATA: 9,
    OperandKind.FUNCTION: IMPORT_BIT | 2,
    OperandKind.TYPE: 4,
    OperandKind.STRING: b"a, b // c # d",
    OperandKind.REMAP: ((1, 2), (REF_BIT | MOVE_BIT | 3, REF_BIT | 4)),
    OperandKind.SEGMENTS: (2, 0xFFFF),
}
_REGISTERS = {
    OperandKind.REF: (REF_BIT | 1, REF_BIT | MOVE_BIT | 2),
    OperandKind.REF_MOVE: (REF_BIT | 1, REF_BIT | MOVE_BIT | 2),
    None: (1, REF_BIT | MOVE_BIT | 2),
}


def _value(operand: Operand) -> object:
    if operand.kind is OperandKind.REGISTERS:
        return _REGISTERS.get(operand.element, (2, 4))
    if operand.is_result and operand.kind is OperandKind.REF_MOVE:
        return REF_BIT | 1
    return _VALUES[operand.kind]


@pytest.mark.parametrize("opcode", [o for o in OPCODES if o.name != "block"], ids=lambda opcode: opcode.name)
def test_reads_what_the_disassembler_prints(opcode: Opcode) -> None:
    assembler = Assembler()
    done = assembler.new_label()
    assembler.block()
    values = [
        done
        if operand.kind is OperandKind.BLOCK
        else [(done, ()), (done, ((1, 2),))]
        if operand.kind is OperandKind.CASES
        else _value(operand)
        for operand in opcode.operands
    ]
    assembler.emit(opcode.name, *values)  # pyright: ignore[reportArgumentType]
    assembler.block(done)
    bytecode = assembler.finish().bytecode
    for with_offsets in (False, True):
        text = disassemble_function(decode_function(bytecode), Symbols(), bytecode_offsets=with_offsets)

        assert _assemble(text) == bytecode


@pytest.mark.parametrize(
    ("spelling", "same"),
    [
        ("%i1 = vm.global.load.indirect.i32 %i0", "%i1 = vm.global.load.indirect.i32 .rwdata[%i0]"),
        ("vm.global.store.indirect.i64 %i0, %i2:3", "vm.global.store.indirect.i64 %i2:3, .rwdata[%i0]"),
        ("vm.global.store.indirect.ref %i0 : !t1, %R1", "vm.global.store.indirect.ref %R1, .refs[%i0] : !t1"),
        ('vm.trace "x", %i0', 'vm.trace "x"(%i0)'),
        ("return %i0", "  vm.return %i0 // done"),
        ("vm.br ^bb0", "vm.br ^bb0()"),
        ("%i1 = vm.const.i32 0x10", "%i1 = vm.const.i32 16  # sixteen"),
        ("%i0 = vm.global.load.i32 @g1", "%i0 = vm.global.load.i32 .rwdata[12]"),
        ("%i1 = vm.const.f32 0x1.8p1", "%i1 = vm.const.f32 3.0"),
        (
            "%i6:7 = vm.switch.i64 %i0[%i2:3, %i4] else %i8:9",
            "%i6:7 = vm.switch.i64 %i0[%i2, %i4] else %i8:9",
        ),
    ],
)
def test_spellings(spelling: str, same: str) -> None:
    assert _assemble("^bb0:\n" + spelling) == _assemble("^bb0:\n" + same)


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("  vm.bogus %i0", 6, "unknown instruction 'bogus'"),
        ("  %i0 = vm.add.i32 %i0", 23, "expected ','"),
        ("  %i0 = vm.add.i32 %i0, %r1", 25, "expected a register like"),
        ("  %i0 = vm.add.i64 %i0:1, %i2:3", 3, "expected a pair of registers like %i0:1"),
        ("  vm.br ^nowhere()", 9, "there is no block ^nowhere"),
        ("  vm.call @gone()", 12, "there is no function @gone"),
        ("  %i0 = vm.return", 3, "vm.return has no result"),
        ("  vm.return %i0 %i1", 17, "unexpected text after vm.return"),
        ("  vm.return %i0,", 17, "expected a register after the comma"),
        ("  %i0 = vm.const.i32 4294967296", 22, "4294967296 is not in [-2147483648, 2147483647]"),
        ("  %i0:2 = vm.const.i64.zero", 6, "a pair names two registers in a row: %i0:1"),
        ("  %i40000 = vm.const.i32.zero", 3, "value registers end at %i32767"),
        ('  vm.fail %i0, "open', 16, "expected a string in double quotes"),
        ("  %i0 = vm.list.get.i32 %R0, %i0", 25, "this operand cannot be moved; write %r"),
        ("  vm.br_table %i0 { default: ^bb0(), 1: ^bb0() }", 38, "cases are counted from 0; expected 0"),
        ("^bb0:", 1, "block ^bb0 is there already"),
    ],
)
def test_errors_have_a_place(line: str, column: int, message: str) -> None:
    with pytest.raises(AssemblySyntaxError) as caught:
        _assemble("^bb0:\n" + line)

    assert message in caught.value.message
    assert (caught.value.line.number, caught.value.column) == (2, column)


def test_counts_registers() -> None:
    function = FunctionText(Symbols())
    for line in ("%i6:7 = vm.const.i64.zero", "%r3 = vm.const.ref.zero", "vm.return"):
        function.add_line(ScannedLine.of(1, line))

    assert (function.i32_register_count, function.ref_register_count) == (8, 4)
    assert function.is_terminated
