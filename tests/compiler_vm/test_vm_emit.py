"""The tables of an emitted module."""

from __future__ import annotations

import pytest
from vm_programs import build

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.emit import allocate_registers
from gossamer.compiler.vm.emit.module import emit_module
from gossamer.errors import CompileError
from gossamer.format.archive import read_module, write_module
from gossamer.format.module_def import FileLineColLocation, ModuleDef, ModuleDependency, Requirements
from gossamer.isa.decode import decode_function
from gossamer.isa.instruction import Instruction
from gossamer.vm.link.context import Context
from gossamer.vm.loading import load_bytecode_module

BUFFER = ir.ref("!vm.buffer")


def _module(*types: ir.Type, results: list[ir.Type] | None = None) -> tuple[ir.Module, Builder]:
    module = ir.Module("m")
    entry = ir.Block([ir.Value(type) for type in types])
    module.functions["f"] = ir.Function("f", results or [], [entry])
    module.exports["f"] = "f"
    return module, Builder(module, entry)


def _instructions(definition: ModuleDef) -> tuple[Instruction, ...]:
    (descriptor,) = definition.function_descriptors
    return decode_function(definition.bytecode_data[: descriptor.bytecode_length])


def test_value_globals_are_laid_out_small_ones_first_and_refs_apart() -> None:
    module, builder = _module(results=[ir.I64])
    for name, type in {"a": ir.I64, "b": ir.I32, "c": BUFFER, "d": ir.F64, "e": ir.F32, "g": BUFFER}.items():
        module.globals[name] = ir.Global(name, type)
    builder.effect("global.store.i64", builder.i64(7), symbol="a")
    builder.effect("global.store.i32", builder.i32(1), symbol="b")
    builder.effect("global.store.ref", builder.null("!vm.buffer"), symbol="g", type="!vm.buffer")
    builder.ret(builder.op("global.load.i64", symbol="a"))

    definition = emit_module(module, optimize=False)

    assert (definition.global_bytes_capacity, definition.global_ref_count) == (24, 2)
    instructions = _instructions(definition)
    stores = [i.operands[0] for i in instructions if i.opcode.name.startswith("global.store")]
    assert stores == [8, 0, 1]
    assert Context([load_bytecode_module(write_module(definition))]).lookup("m.f").callable() == 7


def test_types_are_values_first_each_in_order_of_text() -> None:
    module, builder = _module(BUFFER, ir.I64)
    elements = builder.op("list.alloc", builder.i32(1), type="i8", result_ref_type="!vm.list<i8>")
    builder.effect("list.resize", elements, builder.i32(1))
    builder.null("!hal.fence")
    builder.op("buffer.load.f32", module.functions["f"].arguments[0], module.functions["f"].arguments[1])
    builder.ret()

    types = emit_module(module, optimize=False).types

    assert types == ("f32", "i32", "i64", "i8", "!hal.fence", "!vm.buffer", "!vm.list<i8>")


def test_dependencies_ask_for_the_newest_function_used() -> None:
    module, builder = _module()
    builder.call_import(ir.Import("hal.a", "0v_v"))
    builder.call_import(ir.Import("hal.b", "0v_v", minimum_version=6, is_optional=True))
    builder.call_import(ir.Import("check.c", "0v_v", is_optional=True, attrs={"key": "text"}))
    builder.ret()

    definition = emit_module(module)

    assert definition.dependencies == (
        ModuleDependency("hal", 6, is_required=True),
        ModuleDependency("check", 0, is_required=False),
    )
    assert [function.is_required for function in definition.imported_functions] == [True, False, False]
    assert definition.imported_functions[2].signature.attrs == (("key", "text"),)


def test_requirements_tell_what_a_function_uses() -> None:
    module = build("""
      func.func @plain(%a: i32) -> i32 { return %a : i32 }
      func.func @f32(%a: f32) -> f32 {
        %r = arith.addf %a, %a : f32
        return %r : f32
      }
      func.func @f64(%a: f32) -> f64 {
        %r = arith.extf %a : f32 to f64
        return %r : f64
      }
      func.func @buffers(%a: memref<4xi32>) { return }""")
    entry = ir.Block([])
    module.functions["waits"] = ir.Function("waits", [], [entry])
    builder = Builder(module, entry)
    builder.call_import_yieldable(ir.Import("hal.wait", "0v_v"))
    module.functions["waits"].blocks.append(builder.block)
    builder.ret()

    definition = emit_module(module)

    assert [int(descriptor.requirements) for descriptor in definition.function_descriptors] == [0, 1, 2, 8, 4]
    assert definition.requirements == Requirements(15)


def test_functions_start_at_multiples_of_eight_and_state_their_frames_exactly() -> None:
    definition = emit_module(
        build("""
          func.func @f(%a: i32, %b: i64) -> i64 { return %b : i64 }
          func.func @g(%a: i32) -> i32 {
            %r = arith.addi %a, %a : i32
            return %r : i32
          }""")
    )

    first, second = definition.function_descriptors
    assert second.bytecode_offset % 8 == 0
    assert second.bytecode_offset >= first.bytecode_offset + first.bytecode_length
    assert (first.i32_register_count, second.i32_register_count) == (4, 1)
    assert [s.calling_convention for s in definition.function_signatures] == ["0iI_I", "0i_i"]


def test_every_function_has_its_locations() -> None:
    source = """func.func @f(%a: i32) -> i32 {
      %r = arith.addi %a, %a : i32
      return %r : i32
    }
    func.func @g() {
      return
    }"""

    database = emit_module(build(source)).debug_database

    assert database is not None
    places = {
        function.local_name: [(offset, database.locations[index]) for offset, index in function.locations]
        for function in database.functions
    }
    assert places == {
        "f": [(1, FileLineColLocation("-", 2, 12)), (8, FileLineColLocation("-", 3, 7))],
        "g": [(1, FileLineColLocation("-", 6, 7))],
    }
    assert emit_module(build(source), debug=False).debug_database is None


def test_rodata_and_messages_survive_the_file() -> None:
    module, builder = _module(results=[BUFFER])
    module.rodata["large"] = ir.Rodata("large", bytes(5000), alignment=64)
    builder.op("const.ref.rodata", symbol="large", result_ref_type="!vm.buffer")
    good, bad = ir.Block(), ir.Block()
    module.functions["f"].blocks += [good, bad]
    builder.cond_br(builder.i32(1), good, [], bad, [])
    builder.block = bad
    builder.fail(builder.i32(3), "é" * 40000)
    builder.block = good
    builder.ret(builder.string("text"))

    definition = read_module(write_module(emit_module(module, optimize=False)))

    assert [len(segment.data) for segment in definition.rodata_segments] == [5000, 4]
    (failure,) = [i for i in _instructions(definition) if i.opcode.name == "fail"]
    message = failure.operands[1]
    assert isinstance(message, bytes | memoryview)
    assert bytes(message).decode() == "é" * 32767


def test_a_function_too_large_for_a_frame_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocate_registers, "MAX_VALUE_REGISTERS", 64)
    module, builder = _module(ir.I32, results=[ir.I32])
    values = module.functions["f"].arguments[:]
    values.extend(builder.op("xor.i32", values[-1], values[0]) for _ in range(70))
    total = values[0]
    for value in values:
        total = builder.op("add.i32", total, value)
    builder.ret(total)

    with pytest.raises(CompileError, match="more values alive at once"):
        emit_module(module, optimize=False)
