"""Optimisations of VM functions: what goes, what stays, and where constants end up."""

from __future__ import annotations

from vm_programs import build

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.optimize.pipeline import optimize_module


def _optimized(source: str) -> ir.Function:
    module = build(source)
    optimize_module(module)
    return module.functions["f"]


def _names(function: ir.Function) -> list[list[str]]:
    return [[operation.name for operation in block.operations] for block in function.blocks]


def _function(module: ir.Module, *types: ir.Type) -> tuple[ir.Function, Builder]:
    entry = ir.Block([ir.Value(type) for type in types])
    function = ir.Function("f", [ir.I32], [entry])
    module.functions["f"] = function
    return function, Builder(module, entry)


def test_equal_operations_are_computed_once() -> None:
    function = _optimized("""
      func.func @f(%a: i32, %b: i32) -> i32 {
        %x = arith.addi %a, %b : i32
        %y = arith.addi %a, %b : i32
        %r = arith.muli %x, %y : i32
        return %r : i32
      }""")

    assert _names(function) == [["add.i32", "mul.i32", "return"]]
    multiplication = function.blocks[0].operations[1]
    assert multiplication.operands[0] is multiplication.operands[1]


def test_zeros_of_both_signs_stay_apart() -> None:
    module = ir.Module("m")
    function, builder = _function(module)
    values = [builder.op("const.f32", immediate=number) for number in (-0.0, 0.0, -0.0, float("nan"))]
    total = values[0]
    for value in values[1:]:
        total = builder.op("add.f32", total, value)
    builder.ret(builder.op("bitcast.f32.i32", total))

    optimize_module(module)

    names = [operation.name for operation in function.blocks[0].operations]
    assert names.count("const.f32") == 3


def test_loads_are_not_shared_across_stores() -> None:
    function = _optimized("""
      func.func @f(%m: memref<4xi32>, %i: index, %v: i32) -> i32 {
        %x = memref.load %m[%i] : memref<4xi32>
        memref.store %v, %m[%i] : memref<4xi32>
        %y = memref.load %m[%i] : memref<4xi32>
        %r = arith.addi %x, %y : i32
        return %r : i32
      }""")

    assert _names(function)[0].count("buffer.load.i32") == 2


def test_constants_of_loops_move_to_the_entry_others_stay() -> None:
    function = _optimized("""
      func.func @f(%n: i32) -> i32 {
        %zero = arith.constant 0 : i32
        cf.br ^head(%zero : i32)
      ^head(%i: i32):
        %more = arith.cmpi slt, %i, %n : i32
        cf.cond_br %more, ^body, ^done
      ^body:
        %three = arith.constant 3 : i32
        %next = arith.addi %i, %three : i32
        cf.br ^head(%next : i32)
      ^done:
        %seven = arith.constant 7 : i32
        %r = arith.addi %i, %seven : i32
        return %r : i32
      }""")

    assert _names(function) == [
        ["const.i32", "const.i32.zero", "br"],
        ["cmp.lt.i32.s", "cond_br"],
        ["add.i32", "br"],
        ["const.i32", "add.i32", "return"],
    ]


def test_what_nothing_reads_goes_with_what_it_is_passed() -> None:
    function = _optimized("""
      func.func @f(%n: i32, %m: memref<4xf32>) -> i32 {
        %zero = arith.constant 0 : i32
        cf.br ^head(%zero, %zero : i32, i32)
      ^head(%i: i32, %dead: i32):
        %more = arith.cmpi slt, %i, %n : i32
        %deader = arith.addi %dead, %dead : i32
        %index = arith.index_cast %i : i32 to index
        %unread = memref.load %m[%index] : memref<4xf32>
        %next = arith.addi %i, %n : i32
        cf.cond_br %more, ^head(%next, %deader : i32, i32), ^done
      ^done:
        return %i : i32
      }""")

    assert _names(function)[1] == ["cmp.lt.i32.s", "add.i32", "cond_br"]
    assert len(function.blocks[1].arguments) == 1


def test_calls_and_stores_stay() -> None:
    function = _optimized("""
      func.func @f(%m: memref<4xi32>, %i: index) -> i32 {
        %zero = arith.constant 0 : i32
        %unused = func.call @g(%zero) : (i32) -> i32
        memref.store %zero, %m[%i] : memref<4xi32>
        return %zero : i32
      }
      func.func @g(%a: i32) -> i32 {
        return %a : i32
      }""")

    assert _names(function) == [["const.i32.zero", "call", "buffer.store.i32", "return"]]


def test_branches_on_constants_fold_and_chains_merge() -> None:
    function = _optimized("""
      func.func @f(%a: i32) -> i32 {
        %true = arith.constant true
        cf.cond_br %true, ^one(%a : i32), ^two
      ^one(%x: i32):
        cf.br ^three(%x : i32)
      ^two:
        %five = arith.constant 5 : i32
        cf.br ^three(%five : i32)
      ^three(%y: i32):
        return %y : i32
      }""")

    assert _names(function) == [["return"]]
    assert function.blocks[0].operations[0].operands == function.arguments


def test_negated_conditions_swap_the_branches() -> None:
    function = _optimized("""
      func.func @f(%a: i32, %b: i32) -> i32 {
        %c = arith.cmpi sge, %a, %b : i32
        cf.cond_br %c, ^one, ^two
      ^one:
        return %a : i32
      ^two:
        return %b : i32
      }""")

    entry, first, second = function.blocks
    assert [operation.name for operation in entry.operations] == ["cmp.lt.i32.s", "cond_br"]
    true_block, false_block = (successor.block for successor in entry.operations[-1].successors)
    assert true_block.operations[0].operands == [function.arguments[1]]
    assert {true_block, false_block} == {first, second}


def test_conditions_that_are_not_truth_values_keep_their_negation() -> None:
    module = ir.Module("m")
    function, builder = _function(module, ir.I32)
    flipped = builder.op("xor.i32", function.arguments[0], builder.i32(1))
    one, two = ir.Block(), ir.Block()
    function.blocks += [one, two]
    builder.cond_br(flipped, one, [], two, [])
    for block, number in ((one, 1), (two, 2)):
        builder.block = block
        builder.ret(builder.i32(number))

    optimize_module(module)

    assert "xor.i32" in _names(function)[0]


def test_forwarding_stops_at_blocks_that_go_round() -> None:
    module = ir.Module("m")
    function, builder = _function(module, ir.I32)
    first, second = ir.Block(), ir.Block()
    function.blocks += [first, second]
    builder.br(first)
    for block, target in ((first, second), (second, first)):
        builder.block = block
        builder.br(target)

    optimize_module(module)

    assert all(names[-1] == "br" for names in _names(function))


def test_blocks_whose_arguments_are_used_further_on_are_not_bypassed() -> None:
    module = ir.Module("m")
    function, builder = _function(module, ir.I32, ir.I32)
    condition, other = function.arguments
    middle, last = ir.Block([ir.Value(ir.I32)]), ir.Block()
    function.blocks += [middle, last]
    builder.cond_br(condition, middle, [condition], middle, [other])
    builder.block = middle
    builder.br(last)
    builder.block = last
    builder.ret(middle.arguments[0])

    optimize_module(module)

    assert function.blocks[-1].operations[-1].operands == [middle.arguments[0]]
    assert middle in function.blocks


def test_widths_are_changed_once() -> None:
    function = _optimized("""
      func.func @f(%m: memref<4xi8>, %n: memref<4xi8>, %i: index) -> i1 {
        %a = memref.load %m[%i] : memref<4xi8>
        %b = memref.load %n[%i] : memref<4xi8>
        %limit = arith.constant -3 : i8
        %sum = arith.addi %b, %b : i8
        memref.store %sum, %n[%i] : memref<4xi8>
        %less = arith.cmpi slt, %sum, %limit : i8
        %wide = arith.extsi %a : i8 to i32
        %zero = arith.constant 0 : i32
        %negative = arith.cmpi slt, %wide, %zero : i32
        %both = arith.andi %less, %negative : i1
        return %both : i1
      }""")

    (names,) = _names(function)
    assert "buffer.load.i8.s" in names, "the load extends the sign"
    assert names.count("ext.i8.i32.s") == 1, "the constant is extended at compile time"
    assert names.count("trunc.i32.i8") == 0, "neither stores nor extensions read high bits"


def test_a_load_read_in_two_ways_is_not_signed() -> None:
    function = _optimized("""
      func.func @f(%m: memref<4xi8>, %i: index) -> i32 {
        %a = memref.load %m[%i] : memref<4xi8>
        %signed = arith.extsi %a : i8 to i32
        %unsigned = arith.extui %a : i8 to i32
        %r = arith.subi %signed, %unsigned : i32
        return %r : i32
      }""")

    assert "buffer.load.i8.u" in _names(function)[0]


def test_a_load_that_a_wider_read_reaches_is_not_signed() -> None:
    """The sign of 8 bits must not show in 16 that were zero-extended."""
    module = ir.Module("m")
    function, builder = _function(module, ir.ref("!vm.buffer"))
    loaded = builder.op("buffer.load.i8.u", function.arguments[0], builder.i64(0))
    wider = builder.op("ext.i16.i32.s", builder.op("trunc.i32.i16", loaded))
    narrower = builder.op("ext.i8.i32.s", loaded)
    builder.ret(builder.op("sub.i32", narrower, wider))

    optimize_module(module)

    assert "buffer.load.i8.u" in _names(function)[0]
