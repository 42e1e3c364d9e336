"""Instructions → text: each form, and every operation against IREE's own tools."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gossamer.format.archive import read_module, write_module
from gossamer.format.module_def import (
    ExportFunction,
    FunctionDescriptor,
    FunctionSignature,
    ImportFunction,
    ModuleDef,
    Requirements,
    RodataSegment,
)
from gossamer.isa.decode import decode_function
from gossamer.isa.disassemble import disassemble_function, disassemble_instruction, register_name
from gossamer.isa.encode import Assembler, Label
from gossamer.isa.opcodes import MOVE_BIT, OPCODES, REF_BIT, Opcode, OperandKind
from gossamer.tools.dump.assembly import assembly_text

_IMPORT = 0x8000_0000


@dataclass
class _Symbols:
    """Names that show their ordinal."""

    def type_name(self, ordinal: int) -> str:
        return f"!t{ordinal}"

    def function_name(self, ordinal: int) -> str:
        return f"f{ordinal:X}"

    def rodata_size(self, ordinal: int) -> int:
        return 100 + ordinal


def _text(name: str, *values: Any) -> str:
    """Text of one instruction, with labels for blocks, without the blocks around it."""
    assembler = Assembler()
    assembler.block()
    assembler.emit(name, *values)
    instructions = decode_function(assembler.finish().bytecode)
    return disassemble_instruction(instructions[1], _Symbols(), {0: 0})


_R = REF_BIT
_M = REF_BIT | MOVE_BIT


@pytest.mark.parametrize(
    ("name", "values", "text"),
    [
        ("add.i32", (1, 2, 3), "%i3 = vm.add.i32 %i1, %i2"),
        ("add.f64", (2, 4, 6), "%i6:7 = vm.add.f64 %i2:3, %i4:5"),
        ("const.i32", (-2, 0), "%i0 = vm.const.i32 -2  // 0xFFFFFFFE"),
        ("const.i64", (-2, 0), "%i0:1 = vm.const.i64 -2  // 0xFFFFFFFFFFFFFFFE"),
        ("const.i64.zero", (4,), "%i4:5 = vm.const.i64.zero"),
        ("const.f32", (0.1, 0), "%i0 = vm.const.f32 0.100000001"),
        ("const.f64", (0.1, 0), "%i0:1 = vm.const.f64 0.10000000000000001"),
        ("const.f32", (float("inf"), 0), "%i0 = vm.const.f32 inf"),
        ("const.f32", (-float("nan"), 0), "%i0 = vm.const.f32 -nan"),
        ("const.ref.zero", (_M | 1,), "%r1 = vm.const.ref.zero"),
        ("const.ref.rodata", (7, _R), "%r0 = vm.const.ref.rodata 7  // 107b"),
        ("global.load.i32", (8, 1), "%i1 = vm.global.load.i32 .rwdata[8]"),
        ("global.store.i64", (8, 2), "vm.global.store.i64 %i2:3, .rwdata[8]"),
        ("global.load.indirect.f32", (8, 1), "%i1 = vm.global.load.indirect.f32 .rwdata[%i8]"),
        ("global.load.ref", (3, 4, _M), "%R0 = vm.global.load.ref .refs[3] : !t4"),
        ("global.store.indirect.ref", (3, 4, _M), "vm.global.store.indirect.ref %R0, .refs[%i3] : !t4"),
        ("list.alloc", (4, 0, _R), "%r0 = vm.list.alloc %i0 : !vm.list<!t4>"),
        ("list.get.ref", (_M | 1, 0, 4, _R), "%r0 = vm.list.get.ref %r1, %i0 : !t4"),
        ("select.ref", (0, 4, _R, _M | 1, _R | 2), "%r2 = vm.select.ref %i0 ? %r0 : %R1 -> !t4"),
        ("switch.i64", (0, 2, (4, 6), 8), "%i8:9 = vm.switch.i64 %i0[%i4, %i6] else %i2:3"),
        ("switch.ref", (0, 4, _R, (_M | 1,), _R | 2), "%r2 = vm.switch.ref %i0[%R1] else %r0 -> !t4"),
        ("cast.any.ref", (_M, 4, _R), "%r0 = vm.cast.any.ref %R0 : !vm.ref<?> -> !t4"),
        ("cast.ui64.f32", (2, 1), "%i1 = vm.cast.ui64.f32 %i2:3"),
        ("buffer.store.i16", (_R, 2, 1), "vm.buffer.store.i16 %i1, %r0, %i2:3"),
        ("call", (5, (1, _M), ()), "vm.call @f5(%i1, %R0)"),
        ("call", (5, (), (1, _R)), "%i1, %r0 = vm.call @f5()"),
        (
            "call.variadic",
            (_IMPORT, (0xFFFF, 2), (1, 2, 3), (4,)),
            "%i4 = vm.call.variadic @f80000000 segments[65535, 2](%i1, %i2, %i3)",
        ),
        ("return", ((),), "vm.return"),
        ("return", ((1, _M),), "vm.return %i1, %R0"),
        ("discard.refs", ((),), "vm.discard.refs "),
        ("fail", (1, "häm".encode()), 'vm.fail %i1, "häm"'),
        ("import.resolved", (_IMPORT, 1), "%i1 = vm.import.resolved @f80000000"),
        ("trace", (b"here", (1,)), 'vm.trace "here"(%i1)'),
    ],
)
def test_text_of_an_instruction(name: str, values: tuple[Any, ...], text: str) -> None:
    assert _text(name, *values) == text


def test_blocks_and_branches() -> None:
    assembler = Assembler()
    end = assembler.new_label()
    start = assembler.block()
    assembler.emit("cond_br", 0, start, (), end, ((1, 2), (_M, _R | 1)))
    assembler.block(end)
    assembler.emit("br_table", 1, end, (), [(start, ()), (end, ((3, 4),))])
    instructions = decode_function(assembler.finish().bytecode)

    assert disassemble_function(instructions, _Symbols()) == (
        "^bb0:\n"
        "  vm.cond_br %i0, ^bb0(), ^bb1(%i1->%i2, %R0->%r1)\n"
        "^bb1:\n"
        "  vm.br_table %i1 { default: ^bb1(), 0: ^bb0(), 1: ^bb1(%i3->%i4) }\n"
    )
    assert disassemble_function(instructions, _Symbols(), bytecode_offsets=True).splitlines()[:2] == [
        "[00000000]^bb0:",
        "[00000001]  vm.cond_br %i0, ^bb0(), ^bb1(%i1->%i2, %R0->%r1)",
    ]


def test_instruction_alone_names_blocks_by_offset() -> None:
    instructions = decode_function(bytes.fromhex("79 56 00000000 0000"))

    assert [disassemble_instruction(i, _Symbols()) for i in instructions] == ["<block>", "vm.br ^00000000()"]
    assert disassemble_instruction(instructions[1], _Symbols(), {8: 0}) == "vm.br ^00000000()"


def test_register_names() -> None:
    assert [register_name(r) for r in (5, REF_BIT | 5, REF_BIT | MOVE_BIT | 5)] == ["%i5", "%r5", "%R5"]


# Every operation, through IREE's tools.

_REGISTERS = 16
# IREE's disassembler misreads the first and does not know the second.
_NOT_DISASSEMBLED = {"switch.ref", "cast.ui64.f32"}
# IREE's assembler does not read what its disassembler prints for these.
_NOT_ASSEMBLED = {"switch.ref", "trace", "print"} | {o.name for o in OPCODES if ".indirect." in o.name}


@dataclass
class _EveryOperation:
    """A module with one function for each operation."""

    skipped: set[str]
    bytecode: bytearray = field(default_factory=bytearray)
    names: list[str] = field(default_factory=list)
    descriptors: list[FunctionDescriptor] = field(default_factory=list)

    def module(self) -> ModuleDef:
        for opcode in OPCODES:
            if opcode.name != "block" and opcode.name not in self.skipped:
                self._add(opcode)
        return ModuleDef(
            name="every",
            version=5,
            requirements=Requirements.EXT_F32 | Requirements.EXT_F64,
            types=("i32", "!vm.buffer"),
            imported_functions=(
                ImportFunction("other.plain", FunctionSignature("0iIr_rI"), is_required=False),
                ImportFunction("other.variadic", FunctionSignature("0iCrID_r")),
            ),
            exported_functions=tuple(ExportFunction(n, i) for i, n in enumerate(self.names)),
            function_signatures=(FunctionSignature("0v_v"),) * len(self.names),
            rodata_segments=(RodataSegment(b"abc"), RodataSegment(b"")),
            global_bytes_capacity=64,
            global_ref_count=4,
            function_descriptors=tuple(self.descriptors),
            bytecode_data=bytes(self.bytecode),
        )

    def _add(self, opcode: Opcode) -> None:
        assembler = Assembler()
        end = assembler.new_label()
        assembler.block()
        assembler.emit(opcode.name, *_values(opcode, end))
        if not opcode.is_terminator:
            assembler.emit("br", end, ())
        assembler.block(end)
        assembler.emit("return", ())
        function = assembler.finish()
        requirements = Requirements.EXT_F32 | Requirements.EXT_F64
        descriptor = FunctionDescriptor(
            len(self.bytecode), len(function.bytecode), requirements, 2, _REGISTERS, _REGISTERS
        )
        self.descriptors.append(descriptor)
        self.names.append(opcode.name.replace(".", "_"))
        self.bytecode += function.bytecode + bytes(-len(function.bytecode) % 8)


def _values(opcode: Opcode, end: Label) -> list[Any]:
    values: list[Any] = []
    for index, operand in enumerate(opcode.operands):
        register = 2 * index % _REGISTERS
        match operand.kind:
            case OperandKind.REF | OperandKind.REF_MOVE if not operand.is_result:
                values.append(register | (_M if operand.kind is OperandKind.REF_MOVE else _R))
            case OperandKind.REF | OperandKind.REF_MOVE:
                values.append(register | _R)
            case OperandKind.IMMEDIATE_I32 | OperandKind.IMMEDIATE_I64:
                values.append(-17)
            case OperandKind.IMMEDIATE_F32 | OperandKind.IMMEDIATE_F64:
                values.append(0.1)
            case OperandKind.GLOBAL:
                values.append(2 if opcode.name.endswith("ref") else 8)
            case OperandKind.RODATA | OperandKind.TYPE:
                values.append(1)
            case OperandKind.FUNCTION:
                values.append(_IMPORT + ("variadic" in opcode.name))
            case OperandKind.STRING:
                values.append(b"words here")
            case OperandKind.BLOCK:
                values.append(end)
            case OperandKind.REMAP:
                values.append(((1, 2), (_M | 1, _R | 2)))
            case OperandKind.CASES:
                values.append([(end, ((3, 4),)), (end, ())])
            case OperandKind.SEGMENTS:
                values.append((0xFFFF, 2))
            case OperandKind.REGISTERS:
                values.append(_register_list(opcode, operand.is_result, operand.element))
            case _:
                values.append(register)
    return values


def _register_list(opcode: Opcode, is_result: bool, element: OperandKind | None) -> tuple[int, ...]:
    if opcode.name.startswith("call.variadic"):
        return (_R | 3,) if is_result else (1, _M | 1, 2, _R | 2, 4)
    if opcode.name.startswith("call"):
        return (_R | 3, 4) if is_result else (1, 2, _M | 1)
    if opcode.name == "return":
        return ()
    if opcode.name == "discard.refs" or element in (OperandKind.REF, OperandKind.REF_MOVE):
        return (_R | 1, _M | 2)
    return (2, 4)


@pytest.mark.reference
@pytest.mark.parametrize("flags", [(), ("--bytecode_offsets",)])
def test_every_operation_reads_as_the_reference_prints_it(
    iree_bin: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    module = _EveryOperation(_NOT_DISASSEMBLED).module()
    path = tmp_path / "every.vmfb"
    path.write_bytes(write_module(module))

    command = [str(iree_bin / "iree-dump-module"), "--output=disassembly", *flags, str(path)]
    result = subprocess.run(command, capture_output=True, text=True)

    assert result.stderr == ""
    assert assembly_text(module, bytecode_offsets=bool(flags)) == result.stdout


@pytest.mark.reference
def test_the_reference_assembles_our_text_to_the_same_bytes(iree_bin: Path, tmp_path: Path) -> None:
    module = _EveryOperation(_NOT_ASSEMBLED).module()
    source, output = tmp_path / "every.vmasm", tmp_path / "every.vmfb"
    source.write_text(assembly_text(module))

    command = [str(iree_bin / "iree-as-module"), str(source), f"--output={output}"]
    result = subprocess.run(command, capture_output=True, text=True)

    assert result.stderr == ""
    assembled = read_module(output.read_bytes())
    assert [e.local_name for e in assembled.exported_functions] == [
        e.local_name for e in module.exported_functions
    ]
    for export, theirs, ours in zip(
        module.exported_functions, assembled.function_descriptors, module.function_descriptors, strict=True
    ):
        assert _bytecode(assembled, theirs) == _bytecode(module, ours), export.local_name


def _bytecode(module: ModuleDef, descriptor: FunctionDescriptor) -> bytes:
    start = descriptor.bytecode_offset
    return bytes(module.bytecode_data[start : start + descriptor.bytecode_length])
