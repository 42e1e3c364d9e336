"""Hypothesis strategies for what several tests make: instructions, functions, modules."""

from __future__ import annotations

from hypothesis import strategies as st

from gossamer.format.module_def import (
    CallSiteLocation,
    DebugDatabase,
    ExportFunction,
    FileLineColLocation,
    FunctionDescriptor,
    FunctionSignature,
    FunctionSourceMap,
    FusedLocation,
    ImportFunction,
    ModuleDef,
    ModuleDependency,
    NameLocation,
    Requirements,
    RodataSegment,
)
from gossamer.isa.encode import Assembler, Label
from gossamer.isa.opcodes import OPCODES, REF_BIT, Operand, OperandKind

value_registers = st.integers(0, 0x7FFE)
wide_registers = st.integers(0, 0x3FFE).map(lambda ordinal: 2 * ordinal)
ref_registers = st.integers(0, 0x7FFF).map(lambda ordinal: ordinal | REF_BIT)
any_registers = value_registers | ref_registers
ordinals = st.integers(0, 2**32 - 1)

f32_values = st.floats(width=32).filter(lambda value: value == value)
f64_values = st.floats().filter(lambda value: value == value)

_remaps = st.lists(st.tuples(any_registers, any_registers), max_size=4).map(tuple)
_SIMPLE = {
    OperandKind.I32: value_registers,
    OperandKind.I64: wide_registers,
    OperandKind.F32: value_registers,
    OperandKind.F64: wide_registers,
    OperandKind.REF: ref_registers,
    OperandKind.REF_MOVE: ref_registers,
    OperandKind.IMMEDIATE_I32: st.integers(-(2**31), 2**31 - 1),
    OperandKind.IMMEDIATE_I64: st.integers(-(2**63), 2**63 - 1),
    OperandKind.IMMEDIATE_F32: f32_values,
    OperandKind.IMMEDIATE_F64: f64_values,
    OperandKind.GLOBAL: ordinals,
    OperandKind.RODATA: ordinals,
    OperandKind.FUNCTION: ordinals,
    OperandKind.TYPE: ordinals,
    OperandKind.STRING: st.binary(max_size=8),
    OperandKind.REMAP: _remaps,
    OperandKind.SEGMENTS: st.lists(st.integers(0, 0xFFFF), max_size=4).map(tuple),
}


@st.composite
def operand_values(draw: st.DrawFn, operand: Operand, labels: list[Label]) -> object:
    """A value that an assembler takes for an operand."""
    if operand.kind is OperandKind.BLOCK:
        return draw(st.sampled_from(labels))
    if operand.kind is OperandKind.CASES:
        return draw(st.lists(st.tuples(st.sampled_from(labels), _remaps), max_size=3))
    if operand.kind is OperandKind.REGISTERS:
        element = _SIMPLE[operand.element] if operand.element else any_registers
        return tuple(draw(st.lists(element, max_size=4)))
    return draw(_SIMPLE[operand.kind])


@st.composite
def functions(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, tuple[object, ...]]]]:
    """Bytecode of a function of random instructions, and (name, assembler values) of each."""
    assembler = Assembler()
    labels = [assembler.new_label() for _ in range(draw(st.integers(1, 4)))]
    emitted: list[tuple[str, tuple[object, ...]]] = []
    opcodes = [opcode for opcode in OPCODES if opcode.name != "block"]
    for label in labels:
        assembler.block(label)
        emitted.append(("block", ()))
        for opcode in draw(st.lists(st.sampled_from(opcodes), max_size=6)):
            values = tuple(draw(operand_values(operand, labels)) for operand in opcode.operands)
            assembler.emit(opcode.name, *values)
            emitted.append((opcode.name, values))
    return assembler.finish().bytecode, emitted


names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
u32 = st.integers(0, 2**32 - 1)
i32 = st.integers(-(2**31), 2**31 - 1)
sizes = st.integers(0, 2**31 - 1)
attributes = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
signatures = st.builds(FunctionSignature, texts, attributes)
requirements = st.integers(0, 15).map(Requirements)
types = st.sampled_from(["i8", "i16", "i32", "i64", "f32", "f64"]) | texts.map(lambda text: f"!{text}")
dependencies = st.builds(ModuleDependency, names, u32, st.booleans())
imports = st.builds(ImportFunction, names, signatures, st.booleans())
rodata = st.builds(
    RodataSegment,
    st.binary(max_size=100),
    is_external=st.none() | st.booleans(),
    alignment=st.sampled_from([1, 16, 64]),
    mime_type=st.sampled_from(["", "application/x-elf", "application/x-flatbuffers"]),
    name=st.sampled_from(["", "rodata", "a_longer_name_of_rodata_for_the_header"]),
)


@st.composite
def debug_databases(draw: st.DrawFn) -> DebugDatabase:
    """A debug database whose indices are in range."""
    count = draw(st.integers(1, 4))
    index = st.integers(0, count - 1)
    location = st.one_of(
        st.none(),
        st.builds(FileLineColLocation, texts, i32, i32),
        st.builds(CallSiteLocation, index, index),
        st.builds(FusedLocation, texts, st.lists(index, max_size=3).map(tuple)),
        st.builds(NameLocation, texts, index),
    )
    source_map = st.builds(FunctionSourceMap, texts, st.lists(st.tuples(i32, index), max_size=3).map(tuple))
    return DebugDatabase(
        tuple(draw(st.lists(location, min_size=count, max_size=count))),
        tuple(draw(st.lists(source_map, max_size=3))),
    )


@st.composite
def modules(draw: st.DrawFn) -> ModuleDef:
    """A module whose tables are as a file's must be; its bytecode is random bytes."""
    bytecode = draw(st.binary(min_size=1, max_size=64))
    count = draw(st.integers(0, 4))
    descriptors: list[FunctionDescriptor] = []
    for _ in range(count):
        offset = draw(st.integers(0, len(bytecode) - 1))
        descriptors.append(
            FunctionDescriptor(
                offset,
                draw(st.integers(1, len(bytecode) - offset)),
                draw(requirements),
                draw(st.integers(1, 0x7FFF)),
                draw(st.integers(0, 0x7FFF)),
                draw(st.integers(0, 0x3FFF)),
            )
        )
    exports = st.builds(ExportFunction, names, st.integers(0, count - 1)) if count else st.nothing()
    return ModuleDef(
        name=draw(names),
        version=draw(u32),
        requirements=draw(requirements),
        attrs=draw(attributes),
        types=tuple(draw(st.lists(types, max_size=4))),
        dependencies=tuple(draw(st.lists(dependencies, max_size=3))),
        imported_functions=tuple(draw(st.lists(imports, max_size=3))),
        exported_functions=tuple(draw(st.lists(exports, max_size=3))) if count else (),
        function_signatures=tuple(draw(st.lists(signatures, min_size=count, max_size=count))),
        rodata_segments=tuple(draw(st.lists(rodata, max_size=4))),
        rwdata_segments=tuple(draw(st.lists(sizes, max_size=2))),
        global_bytes_capacity=draw(sizes),
        global_ref_count=draw(sizes),
        function_descriptors=tuple(descriptors),
        bytecode_data=bytecode,
        debug_database=draw(st.none() | debug_databases()),
    )
