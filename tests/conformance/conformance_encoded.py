"""Cases that the reference's assembler has no syntax for: encoded by ourselves, run by both."""

from __future__ import annotations

from conformance_cases import Case

from gossamer.format.archive import write_module
from gossamer.format.module_def import (
    ExportFunction,
    FunctionDescriptor,
    FunctionSignature,
    ModuleDef,
    Requirements,
    RodataSegment,
)
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import MOVE_BIT, REF_BIT

SWITCH_REF = Case("switch_ref", "i32 -> i64", ((0,), (1,), (2,), (3,), (-1,)), ())
SWITCH_REF_MOVED = Case("switch_ref_moved", "i32 -> i32", ((0,), (1,), (2,)), ())
ENCODED_CASES = (SWITCH_REF, SWITCH_REF_MOVED)


def _switch_ref() -> Assembler:
    """Length of the buffer chosen among two; an error for the null that is the default."""
    assembler = Assembler()
    assembler.block()
    assembler.emit("const.ref.rodata", 0, REF_BIT)
    assembler.emit("const.ref.rodata", 1, REF_BIT | 1)
    assembler.emit("switch.ref", 0, 0, REF_BIT | 2, (REF_BIT, REF_BIT | 1), REF_BIT | 3)
    assembler.emit("buffer.length", REF_BIT | 3, 8)
    assembler.emit("discard.refs", (REF_BIT, REF_BIT | 1, REF_BIT | 3))
    assembler.emit("return", (8,))
    return assembler


def _switch_ref_moved() -> Assembler:
    """Which of three registers marked MOVE are empty afterwards, as bits."""
    assembler = Assembler()
    assembler.block()
    registers = [REF_BIT | index for index in range(3)]
    for register in registers:
        assembler.emit("const.ref.rodata", 0, register)
    moved = [register | MOVE_BIT for register in registers]
    assembler.emit("switch.ref", 0, 0, moved[2], (moved[0], moved[1]), REF_BIT | 3)
    assembler.emit("const.i32", 2, 10)
    assembler.emit("const.i32.zero", 8)
    for register in registers:
        assembler.emit("cmp.nz.ref", register, 9)
        assembler.emit("fma.i32", 8, 10, 9, 8)
    assembler.emit("discard.refs", (*registers, REF_BIT | 3))
    assembler.emit("return", (8,))
    return assembler


def encoded_module() -> bytes:
    """A module with the cases of this file."""
    assembled = [assembler.finish() for assembler in (_switch_ref(), _switch_ref_moved())]
    bytecode = bytearray()
    descriptors: list[FunctionDescriptor] = []
    for function in assembled:
        descriptors.append(
            FunctionDescriptor(
                len(bytecode), len(function.bytecode), Requirements(0), function.block_count, 16, 4
            )
        )
        bytecode += function.bytecode + bytes(-len(function.bytecode) % 8)
    definition = ModuleDef(
        name="encoded",
        types=("!vm.buffer",),
        exported_functions=tuple(
            ExportFunction(case.name, ordinal) for ordinal, case in enumerate(ENCODED_CASES)
        ),
        function_signatures=tuple(FunctionSignature(case.convention) for case in ENCODED_CASES),
        rodata_segments=(RodataSegment(bytes(5)), RodataSegment(bytes(9))),
        function_descriptors=tuple(descriptors),
        bytecode_data=bytes(bytecode),
    )
    return write_module(definition, flat=True)
