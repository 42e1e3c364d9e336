"""Conversion of control flow, memory and calls, and what it refuses."""

from __future__ import annotations

import pytest
from vm_programs import Programs, build

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion.convert import StandardConverter, convert_function
from gossamer.errors import CompileError


def _run(programs: Programs, source: str, *arguments: int, function: str = "f") -> object:
    (result,) = programs.run(programs.build(source), [(function, arguments)], "interpret")
    return result


def test_loops_carry_values_of_both_sizes(programs: Programs) -> None:
    source = """
      func.func @f(%n: i32) -> i64 {
        %c0 = arith.constant 0 : i64
        %c1 = arith.constant 1 : i64
        %zero = arith.constant 0 : i32
        %one = arith.constant 1 : i32
        cf.br ^head(%c0, %c1, %zero : i64, i64, i32)
      ^head(%a: i64, %b: i64, %i: i32):
        %more = arith.cmpi slt, %i, %n : i32
        cf.cond_br %more, ^body, ^done
      ^body:
        %sum = arith.addi %a, %b : i64
        %next = arith.addi %i, %one : i32
        cf.br ^head(%b, %sum, %next : i64, i64, i32)
      ^done:
        return %a : i64
      }"""

    assert _run(programs, source, 50) == 12586269025


@pytest.mark.parametrize(
    ("flag", "cases", "inputs"),
    [
        ("i32", "3: ^case(%ten : i32), 5: ^case(%twenty : i32)", {3: 10, 5: 20, 4: 30, -1: 30}),
        ("i32", "-2: ^case(%ten : i32), 1000000: ^case(%twenty : i32)", {-2: 10, 1000000: 20, 0: 30}),
        ("i8", "-1: ^case(%ten : i32), 127: ^case(%twenty : i32)", {-1: 10, 255: 10, 127: 20, 126: 30}),
        ("i64", "4294967296: ^case(%ten : i32), 0: ^case(%twenty : i32)", {4294967296: 10, 0: 20, 1: 30}),
        ("i32", "", {0: 30}),
    ],
)
def test_switch_finds_its_case(programs: Programs, flag: str, cases: str, inputs: dict[int, int]) -> None:
    separator = ", " if cases else ""
    source = f"""
      func.func @f(%flag: {flag}) -> i32 {{
        %ten = arith.constant 10 : i32
        %twenty = arith.constant 20 : i32
        %thirty = arith.constant 30 : i32
        cf.switch %flag : {flag}, [default: ^case(%thirty : i32){separator}{cases}]
      ^case(%result: i32):
        return %result : i32
      }}"""
    calls = [("f", (value,)) for value in inputs]

    results = programs.run(programs.build(source), calls, "interpret")

    assert results == list(inputs.values())


def test_assert_fails_with_its_message(programs: Programs) -> None:
    source = """
      func.func @f(%a: i32) -> i32 {
        %five = arith.constant 5 : i32
        %small = arith.cmpi slt, %a, %five : i32
        cf.assert %small, "a is too large"
        return %a : i32
      }"""

    assert _run(programs, source, 4) == 4
    assert str(_run(programs, source, 5)).startswith("error: FAILED_PRECONDITION; a is too large")


@pytest.mark.parametrize("type", ["i8", "i16", "i32", "i64", "f32", "f64", "f16", "bf16", "i1"])
def test_elements_go_through_memory(programs: Programs, type: str) -> None:
    """Fill an array with 0..n-1, add two elements by way of parts of it and a copy."""
    to_element = {"i": f"arith.trunci %i64 : i64 to {type}", "f": f"arith.sitofp %i64 : i64 to {type}"}
    convert = "arith.addi %i64, %zero64 : i64" if type == "i64" else to_element[type.lstrip("b")[0]]
    widen = {
        "i64": "arith.addi %element, %zero64 : i64",
        **{f: f"arith.fptosi %element : {f} to i64" for f in ("f16", "bf16", "f32", "f64")},
    }.get(type, f"arith.extui %element : {type} to i64")
    source = f"""
      func.func @f(%n64: i64, %at64: i64) -> i64 {{
        %zero64 = arith.constant 0 : i64
        %zero = arith.constant 0 : index
        %one = arith.constant 1 : index
        %two = arith.constant 2 : index
        %n = arith.index_cast %n64 : i64 to index
        %at = arith.index_cast %at64 : i64 to index
        %all = memref.alloc(%n) : memref<?x{type}>
        %copy = memref.alloc(%n) : memref<?x{type}>
        cf.br ^head(%zero : index)
      ^head(%i: index):
        %more = arith.cmpi slt, %i, %n : index
        cf.cond_br %more, ^body, ^done
      ^body:
        %i64 = arith.index_cast %i : index to i64
        %value = {convert}
        memref.store %value, %all[%i] : memref<?x{type}>
        %next = arith.addi %i, %one : index
        cf.br ^head(%next : index)
      ^done:
        memref.copy %all, %copy : memref<?x{type}> to memref<?x{type}>
        %part = memref.subview %copy[%at] [%two] [1]
          : memref<?x{type}> to memref<?x{type}, strided<[1], offset: ?>>
        %rest = memref.subview %part[1] [1] [1]
          : memref<?x{type}, strided<[1], offset: ?>> to memref<1x{type}, strided<[1], offset: ?>>
        %element = memref.load %rest[%zero] : memref<1x{type}, strided<[1], offset: ?>>
        %result = {widen}
        memref.dealloc %all : memref<?x{type}>
        return %result : i64
      }}"""

    result = _run(programs, source, 10, 6)

    assert result == (1 if type == "i1" else 7)


def test_static_memrefs_of_several_dimensions_are_addressed_by_their_strides(programs: Programs) -> None:
    source = """
      func.func @f(%a: i32) -> i32 {
        %one = arith.constant 1 : index
        %two = arith.constant 2 : index
        %zero = arith.constant 0 : index
        %m = memref.alloc() : memref<2x3xi32>
        memref.store %a, %m[%one, %two] : memref<2x3xi32>
        %flat = memref.reinterpret_cast %m to offset: [5], sizes: [1], strides: [1]
          : memref<2x3xi32> to memref<1xi32, strided<[1], offset: 5>>
        %r = memref.load %flat[%zero] : memref<1xi32, strided<[1], offset: 5>>
        return %r : i32
      }"""

    assert _run(programs, source, 42) == 42


def test_memrefs_are_chosen_and_reshaped(programs: Programs) -> None:
    source = """
      func.func @f(%second: i1) -> i32 {
        %zero = arith.constant 0 : index
        %one = arith.constant 1 : index
        %two = arith.constant 2 : index
        %ten = arith.constant 10 : i32
        %twenty = arith.constant 20 : i32
        %m = memref.alloc() : memref<2x3xi32>
        %flat = memref.collapse_shape %m [[0, 1]] : memref<2x3xi32> into memref<6xi32>
        %five = arith.constant 5 : index
        memref.store %ten, %flat[%five] : memref<6xi32>
        memref.store %twenty, %m[%zero, %two] : memref<2x3xi32>
        %a = memref.subview %flat[4] [2] [1] : memref<6xi32> to memref<2xi32, strided<[1], offset: 4>>
        %b = memref.subview %flat[1] [2] [1] : memref<6xi32> to memref<2xi32, strided<[1], offset: 1>>
        %ac = memref.cast %a
          : memref<2xi32, strided<[1], offset: 4>> to memref<2xi32, strided<[1], offset: ?>>
        %bc = memref.cast %b
          : memref<2xi32, strided<[1], offset: 1>> to memref<2xi32, strided<[1], offset: ?>>
        %chosen = arith.select %second, %bc, %ac : memref<2xi32, strided<[1], offset: ?>>
        %r = memref.load %chosen[%one] : memref<2xi32, strided<[1], offset: ?>>
        return %r : i32
      }"""

    assert _run(programs, source, 0) == 10
    assert _run(programs, source, 1) == 20


def test_public_functions_take_and_give_narrow_integers_as_callers_write_them(programs: Programs) -> None:
    source = """
      func.func @f(%a: i8, %b: i8) -> i8 {
        %r = arith.minsi %a, %b : i8
        return %r : i8
      }
      func.func @less(%a: i8, %b: i8) -> i1 {
        %r = arith.cmpi ult, %a, %b : i8
        return %r : i1
      }"""

    assert _run(programs, source, 255, 1) == -1
    assert _run(programs, source, -1, 1) == -1
    assert _run(programs, source, 1, -1, function="less") == 1


def test_internal_calls_pass_i64(programs: Programs) -> None:
    source = """
      func.func @f(%a: i32, %b: i64) -> i64 {
        %r:2 = call @swap(%a, %b) : (i32, i64) -> (i64, i32)
        %w = arith.extsi %r#1 : i32 to i64
        %s = arith.subi %r#0, %w : i64
        return %s : i64
      }
      func.func @swap(%a: i32, %b: i64) -> (i64, i32) {
        return %b, %a : i64, i32
      }"""

    assert _run(programs, source, 5, 1 << 40) == (1 << 40) - 5


def test_locations_come_along() -> None:
    module = build("func.func @f(%a: i32) -> i32 {\n  %r = arith.addi %a, %a : i32\n  return %r : i32\n}")

    operations = module.functions["f"].blocks[0].operations

    assert [(operation.name, operation.location) for operation in operations] == [
        ("add.i32", ir.Location("-", 2, 8)),
        ("return", ir.Location("-", 3, 3)),
    ]


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        ("%r = vector.extract %v[0] : f32 from vector<4xf32>", "no register for", ""),
        ("scf.if %c { }", "'scf.if' has no VM lowering", "convert-scf-to-cf"),
        ("%x = arith.constant dense<1.0> : tensor<4xf32>", "a constant of type tensor<4xf32>", ""),
        ("%x = arith.addi %w, %w : i128", "'arith.addi' on i128 has no VM lowering", ""),
        ('%x = "my.op"() : () -> i32', "'my.op' has no VM lowering", ""),
        ("func.call @g() : () -> ()", "'g' is called but is no function", ""),
    ],
)
def test_what_cannot_be_converted_is_refused_where_it_stands(body: str, message: str, hint: str) -> None:
    parameters = "%c: i1"
    if "%v" in body:
        parameters += ", %v: vector<4xf32>"
    prefix = "%s = arith.constant 0 : i64\n  %w = arith.extsi %s : i64 to i128\n  " if "%w" in body else ""
    source = f"func.func @f({parameters}) {{\n  {prefix}{body}\n  return\n}}\nfunc.func private @g()"
    module = mlir.parse_text(source)

    with pytest.raises(CompileError) as caught:
        convert_function(module.body.operations[0], ir.Module("m"))

    (diagnostic,) = caught.value.diagnostics
    assert message in diagnostic.message or ("i128" in body and "i128" in diagnostic.message)
    assert hint in diagnostic.hint
    assert diagnostic.location is not None
    assert diagnostic.location.line > 0


def test_hooks_convert_what_the_converter_does_not_know() -> None:
    parsed = mlir.parse_text("""
      func.func @f(%t: !my.thing) -> !my.thing {
        %x = "my.touch"(%t) : (!my.thing) -> !my.thing
        cf.br ^done(%x : !my.thing)
      ^done(%y: !my.thing):
        return %y : !my.thing
      }""")
    (func,) = parsed.body.operations
    (region,) = func.operation.regions
    module = ir.Module("m")
    thing = ir.ref("!hal.buffer")
    function = ir.Function("f", [thing], [ir.Block([ir.Value(thing)])])

    def on_op(converter: StandardConverter, op: mlir.ir.Operation) -> bool:
        if op.name != "my.touch":
            return False
        value = converter.value(op.operands[0])
        converter.define(op, [converter.builder.op("assign.ref", value, result_ref_type="!hal.buffer")])
        return True

    converter = StandardConverter(
        Builder(module, function.blocks[0]),
        function,
        {region.blocks[0].arguments[0]: function.arguments[0]},
        on_op=on_op,
        on_type=lambda type: thing if str(type) == "!my.thing" else None,
    )
    converter.convert_region(region)

    names = [operation.name for block in function.blocks for operation in block.operations]
    assert names == ["assign.ref", "br", "return"]
    assert function.blocks[1].arguments[0].type == thing
