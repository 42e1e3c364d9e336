"""Bytecode that passes the verifier runs to a result or a status, whatever it is."""

import contextlib
import dataclasses

from bytecode_programs import HostModule, Program, imported, r
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gossamer.errors import FormatError, StatusError
from gossamer.format.module_def import ModuleDef
from gossamer.isa.encode import Assembler, Label
from gossamer.isa.opcodes import IMPORT_BIT, MOVE_BIT, OPCODES, Opcode, Operand, OperandKind
from gossamer.vm.bytecode.limits import Limits
from gossamer.vm.link.context import Context
from gossamer.vm.loading import bytecode_module
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List

LIMITS = Limits(max_steps=300, max_call_depth=20)
# Why: these need operands that fit a callee; the fixed programs below have them.
CALLS = {"block", "call", "call.variadic", "call.yieldable", "call.variadic.yieldable", "return"}
OPERATIONS = [opcode for opcode in OPCODES if opcode.name not in CALLS]

values = st.integers(0, 11)
wide = st.integers(0, 5).map(lambda ordinal: 2 * ordinal)
refs = st.integers(0, 3).map(r) | st.integers(0, 3).map(lambda ordinal: r(ordinal) | MOVE_BIT)
small = st.integers(-3, 20)
remaps = st.lists(st.tuples(values, values) | st.tuples(refs, refs), max_size=3).map(tuple)

SIMPLE = {
    OperandKind.I32: values,
    OperandKind.F32: values,
    OperandKind.I64: wide,
    OperandKind.F64: wide,
    OperandKind.REF: refs,
    OperandKind.REF_MOVE: refs,
    OperandKind.IMMEDIATE_I32: small,
    OperandKind.IMMEDIATE_I64: small,
    OperandKind.IMMEDIATE_F32: st.floats(width=32),
    OperandKind.IMMEDIATE_F64: st.floats(),
    OperandKind.GLOBAL: st.integers(0, 1),
    OperandKind.RODATA: st.integers(0, 1),
    OperandKind.FUNCTION: st.just(IMPORT_BIT),
    OperandKind.STRING: st.binary(max_size=4),
    OperandKind.REMAP: remaps,
}


@st.composite
def operand_values(draw: st.DrawFn, opcode: Opcode, operand: Operand, labels: list[Label]) -> object:
    if operand.kind is OperandKind.BLOCK:
        return draw(st.sampled_from(labels))
    if operand.kind is OperandKind.CASES:
        return draw(st.lists(st.tuples(st.sampled_from(labels), remaps), max_size=3))
    if operand.kind is OperandKind.TYPE:
        return draw(st.sampled_from((0, 2, 3) if opcode.name == "list.alloc" else (2, 3)))
    if operand.kind is OperandKind.REGISTERS:
        element = SIMPLE[operand.element] if operand.element else refs
        return tuple(draw(st.lists(element, max_size=3)))
    return draw(SIMPLE[operand.kind])


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A function of a few blocks of any operations; it takes a buffer, a list and numbers."""

    def body(a: Assembler) -> None:
        entry = [a.new_label() for _ in range(3)]
        for label in (None, *entry):
            if label is not None:
                a.block(label)
            for opcode in draw(st.lists(st.sampled_from(OPERATIONS), max_size=6)):
                a.emit(opcode.name, *(draw(operand_values(opcode, one, entry)) for one in opcode.operands))
                if opcode.is_terminator:
                    a.block()
            a.emit("return", ())

    program = Program(
        imports=(imported("host.f", "0v_v", is_required=False),),
        rodata=(b"", bytes(range(16))),
        global_bytes=16,
        global_refs=2,
    )
    return program.function("f", "0rriI_v", body, values=12, refs=4)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), small, small)
def test_operations_in_any_order(program: Program, number: int, wide_number: int) -> None:
    context = Context([program.build(limits=LIMITS)])
    with contextlib.suppress(StatusError):
        context.lookup("m.f")(Buffer.allocate(32), List("!vm.opaque", [1, 2.5, None]), number, wide_number)


def sample() -> ModuleDef:
    """A module that calls, loops, stores and fails."""

    def body(a: Assembler) -> None:
        loop, done = a.new_label(), a.new_label()
        a.emit("const.i32", 3, 1)
        a.emit("br", loop, ((1, 3),))
        a.block(loop)
        a.emit("call", 1, (1, r(0)), (2,))
        a.emit("call.variadic", IMPORT_BIT, (0xFFFF, 2), (r(0), 1, 2), (3,))
        a.emit("cond_br", 3, done, (), loop, ((2, 1),))
        a.block(done)
        a.emit("list.set.i32", r(1), 0, 3)
        a.emit("return", (2,))

    def store(a: Assembler) -> None:
        a.emit("ext.i32.i64.s", 0, 2)
        a.emit("buffer.store.i32", r(0), 2, 0)
        a.emit("global.store.i32", 4, 0)
        a.emit("switch.i32", 0, 0, (1, 2, 3), 1)
        a.emit("return", (1,))

    program = Program(imports=(imported("host.sum", "0rCiD_i"),), global_bytes=8, rodata=(b"x",))
    program.function("f", "0irr_i", body, values=8, refs=2)
    return program.function("", "0ir_i", store, values=8, refs=2).definition()


SAMPLE = sample()
HOST = HostModule("host", {"sum": ("0rCiD_i", lambda ref, items: sum(items) & 0xFF)})


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SAMPLE.bytecode_data) - 1), st.integers(0, 255), st.integers(0, 5))
def test_any_byte_changed(position: int, byte: int, number: int) -> None:
    bytecode = bytearray(SAMPLE.bytecode_data)
    bytecode[position] = byte
    try:
        module = bytecode_module(
            dataclasses.replace(SAMPLE, bytecode_data=bytes(bytecode)), executor="interpret", limits=LIMITS
        )
    except FormatError:
        return
    with contextlib.suppress(StatusError):
        Context([HOST, module]).lookup("m.f")(number, Buffer.allocate(16), List("i32", [1, 2]))
