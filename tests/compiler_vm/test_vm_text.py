"""VM IR as text."""

from __future__ import annotations

from vm_programs import build

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.text import format_function, format_module


def test_functions_read_as_the_vm_dialect() -> None:
    module = build("""
      func.func @f(%m: memref<?xf32>, %n: i32) -> f32 {
        %zero = arith.constant 0 : i32
        cf.br ^head(%zero : i32)
      ^head(%i: i32):
        %more = arith.cmpi slt, %i, %n : i32
        %index = arith.index_cast %i : i32 to index
        %x = memref.load %m[%index] : memref<?xf32>
        cf.cond_br %more, ^head(%n : i32), ^done
      ^done:
        memref.store %x, %m[%index] : memref<?xf32>
        return %x : f32
      }""")

    assert format_function(module.functions["f"]) == (
        "vm.func private @f(%arg0: !vm.buffer, %arg1: i32) -> f32 {\n"
        "  %zero = vm.const.i32.zero\n"
        "  vm.br ^bb1(%zero : i32)\n"
        "^bb1(%0: i32):\n"
        "  %1 = vm.cmp.lt.i32.s %0, %arg1 : i32\n"
        "  %2 = vm.ext.i32.i64.s %0 : i32 -> i64\n"
        "  %3 = vm.buffer.load.f32 %arg0[%2] : !vm.buffer -> f32\n"
        "  vm.cond_br %1, ^bb1(%arg1 : i32), ^bb2\n"
        "^bb2:\n"
        "  vm.buffer.store.f32 %3, %arg0[%2] : f32 -> !vm.buffer\n"
        "  vm.return %3 : f32\n"
        "}"
    )


def test_modules_show_their_tables_and_groups_of_calls() -> None:
    module = ir.Module("m")
    module.globals["g"] = ir.Global("g", ir.ref("!hal.device"))
    module.rodata["data"] = ir.Rodata("data", bytes(40), mime_type="application/x-elf")
    entry = ir.Block([ir.Value(ir.I32)])
    function = module.functions["f"] = ir.Function("f", [], [entry], {"iree.abi.model": "coarse-fences"})
    module.exports["run"] = "f"
    builder = Builder(module, entry)
    (number,) = entry.arguments
    device = builder.op("global.load.ref", symbol="g", type="!hal.device")
    imported = ir.Import("a.b", "0rCiiDCrD_ii", minimum_version=7)
    builder.call_import_yieldable(imported, device, [(number, number)], [])
    function.blocks.append(builder.block)
    builder.br_table(builder.block.arguments[0], ir.Successor(entry, [number]), [])
    builder.block.operations.pop()
    builder.fail(number, 'say "why"')

    assert format_module(module) == (
        "vm.module public @m {\n"
        "  vm.global.ref private mutable @g : !vm.ref<!hal.device>\n"
        '  vm.rodata private @data <alignment = 16, mime_type = "application/x-elf">'
        f' dense<"0x{"00" * 32}..."> : vector<40xi8>\n'
        "  vm.import private @a.b(!vm.ref<?>, tuple<i32, i32> ..., tuple<!vm.ref<?>> ...) -> (i32, i32)"
        ' attributes {minimum_version = "7"}\n'
        '  vm.export @f as("run")\n'
        '  vm.func private @f(%arg0: i32) attributes {iree.abi.model = "coarse-fences"} {\n'
        "    %ref = vm.global.load.ref @g : !vm.ref<!hal.device>\n"
        "    vm.call.variadic.yieldable @a.b(%ref, [(%arg0, %arg0)], []) :"
        " (!vm.ref<!hal.device>, i32, i32) -> ^bb1 (i32, i32)\n"
        "  ^bb1(%0: i32, %1: i32):\n"
        '    vm.fail %arg0, "say \\"why\\""\n'
        "  }\n"
        "}\n"
    )
