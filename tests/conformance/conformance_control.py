"""Cases of constants, refs, calls and control flow; see `conformance_cases`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance_cases import Case, wide

CALLEE_TEXT = """\
vm.func @fn{ordinal}(%i0:1: i64, %i2: i32) -> (i64, i32) {{
^bb0:
  %i4:5 = vm.ext.i32.i64.s %i2
  %i4:5 = vm.mul.i64 %i4:5, %i0:1
  %i3 = vm.const.i32 3
  %i2 = vm.add.i32 %i2, %i3
  vm.return %i4:5, %i2
}}

"""

_I32_CONSTANTS = (0, 1, -1, 0x7FFF_FFFF, -0x8000_0000, 0x1234_5678)
_I64_CONSTANTS = (*_I32_CONSTANTS, 1 << 40, -(1 << 63), (1 << 63) - 1)
_F32_CONSTANTS = ("0", "-0", "1.5", "-2.25", "3.40282347e+38", "1.17549435e-38", "inf", "-inf")
_F64_CONSTANTS = (*_F32_CONSTANTS, "1.7976931348623157e+308", "2.2250738585072014e-308", "0.1")


def _constants() -> Iterator[Case]:
    for type_, values in (("i32", _I32_CONSTANTS), ("i64", _I64_CONSTANTS)):
        register = "%i8" if type_ == "i32" else wide(8)
        for index, value in enumerate(values):
            lines = (f"{register} = vm.const.{type_} {value}", f"vm.return {register}")
            yield Case(f"const_{type_}_{index}", f"-> {type_}", ((),), lines)
        zero = (f"{register} = vm.const.{type_}.zero", f"vm.return {register}")
        yield Case(f"const_{type_}_zero", f"-> {type_}", ((),), zero)
    for type_, bits, floats in (("f32", "i32", _F32_CONSTANTS), ("f64", "i64", _F64_CONSTANTS)):
        register = "%i8" if type_ == "f32" else wide(8)
        to_bits = (f"{register} = vm.bitcast.{type_}.{bits} {register}", f"vm.return {register}")
        for index, text in enumerate(floats):
            lines = (f"{register} = vm.const.{type_} {text}", *to_bits)
            yield Case(f"const_{type_}_{index}", f"-> {bits}", ((),), lines)
        yield Case(
            f"const_{type_}_zero", f"-> {bits}", ((),), (f"{register} = vm.const.{type_}.zero", *to_bits)
        )


def _refs() -> Iterator[Case]:
    pair = ("%r0 = vm.const.ref.rodata 0", "%r1 = vm.const.ref.rodata 1", "%r2 = vm.const.ref.zero")
    for name, operands in (("eq", "%r0, %r1"), ("ne", "%r0, %r1"), ("eq", "%r0, %r0"), ("ne", "%r2, %r2")):
        suffix = operands.replace("%", "").replace(", ", "_")
        lines = (*pair, f"%i8 = vm.cmp.{name}.ref {operands}", "vm.discard.refs %r0, %r1", "vm.return %i8")
        yield Case(f"cmp_{name}_ref_{suffix}", "-> i32", ((),), lines)
    length = (
        "%i8:9 = vm.buffer.length %r3",
        "vm.discard.refs %r0, %r1, %r3",
        "vm.return %i8:9",
    )
    yield Case(
        "select_ref",
        "i32 -> i64",
        ((0,), (1,), (-1,)),
        (*pair, "%r3 = vm.select.ref %i0 ? %R0 : %r1 -> !vm.buffer", *length),
    )
    yield Case("assign_ref", "-> i64", ((),), (*pair, "%r3 = vm.assign.ref %r0", *length))
    yield Case("assign_ref_moved", "-> i64", ((),), (*pair, "%r3 = vm.assign.ref %R1", *length))
    cast = "%r3 = vm.cast.any.ref %R0 : !vm.ref<?> -> !vm.buffer"
    yield Case("cast_any_ref", "-> i64", ((),), (*pair, cast, *length))
    wrong = "%r3 = vm.cast.any.ref %R0 : !vm.ref<?> -> !vm.list<i32>"
    yield Case("cast_any_ref_to_another_type", "-> i64", ((),), (*pair, wrong, *length))
    yield Case(
        "trace_print",
        "-> i32",
        ((),),
        (
            *pair,
            "%i0 = vm.const.i32 5",
            'vm.trace "traced", %r2, %R0',
            'vm.print "printed", %r2, %R1',
            "%i1 = vm.cmp.nz.ref %r0",
            "%i2 = vm.cmp.nz.ref %r1",
            "%i8 = vm.or.i32 %i1, %i2",
            "vm.return %i8",
        ),
    )


def _branches() -> Iterator[Case]:
    yield Case(
        "br_swaps_one_after_the_other",
        "i32 i32 -> i32",
        ((3, 4), (-1, 7)),
        (
            "vm.br ^bb1(%i0->%i1, %i1->%i0)",
            "^bb1:",
            "%i4 = vm.const.i32 1000",
            "%i0 = vm.mul.i32 %i0, %i4",
            "%i0 = vm.add.i32 %i0, %i1",
            "vm.return %i0",
        ),
    )
    yield Case(
        "br_rotates_wide",
        "i64 i64 -> i64",
        ((3, 4), (-1, 1 << 40)),
        (
            "vm.br ^bb1(%i0->%i8, %i1->%i9, %i2->%i0, %i3->%i1, %i8->%i2, %i9->%i3)",
            "^bb1:",
            "%i4:5 = vm.const.i64 1000",
            "%i0:1 = vm.mul.i64 %i0:1, %i4:5",
            "%i0:1 = vm.add.i64 %i0:1, %i2:3",
            "vm.return %i0:1",
        ),
    )
    yield Case(
        "cond_br",
        "i32 i32 -> i32",
        ((0, 5), (1, 5), (-7, 5), (2, 0)),
        (
            "%i4 = vm.const.i32 100",
            "vm.cond_br %i0, ^bb1(%i1->%i4), ^bb1()",
            "^bb1:",
            "vm.return %i4",
        ),
    )
    yield Case(
        "br_table",
        "i32 -> i32",
        ((0,), (1,), (2,), (3,), (-1,), (0x7FFF_FFFF,)),
        (
            "%i2 = vm.const.i32 10",
            "%i3 = vm.const.i32 20",
            "%i4 = vm.const.i32 30",
            "vm.br_table %i0 { default: ^bb1(%i2->%i8), 0: ^bb1(%i3->%i8), 1: ^bb2(), 2: ^bb1(%i4->%i8) }",
            "^bb1:",
            "vm.return %i8",
            "^bb2:",
            "vm.return %i0",
        ),
    )
    yield Case(
        "loop",
        "i64 i64 -> i64",
        ((0, 3), (1, 3), (100, 7), (-5, 1)),
        (
            "%i8:9 = vm.const.i64.zero",
            "%i10:11 = vm.const.i64 1",
            "%i12:13 = vm.const.i64.zero",
            "vm.br ^bb1()",
            "^bb1:",
            "%i6 = vm.cmp.lt.i64.s %i8:9, %i0:1",
            "vm.cond_br %i6, ^bb2(), ^bb3()",
            "^bb2:",
            "%i12:13 = vm.fma.i64 %i12:13, %i2:3, %i8:9",
            "%i8:9 = vm.add.i64 %i8:9, %i10:11",
            "vm.br ^bb1()",
            "^bb3:",
            "vm.return %i12:13",
        ),
    )
    for name, instruction in (("break", "vm.break ^bb1()"), ("cond_break", "vm.cond_break %i0, ^bb1()")):
        yield Case(name, "i32 -> i32", ((0,), (1,)), (instruction, "^bb1:", "vm.return %i0"))
    yield Case(
        "fail",
        "i32 -> i32",
        tuple((code,) for code in (0, 1, 2, 3, 5, 9, 11, 12, 13, 14, 18)),
        ('vm.fail %i0, "because"', "^bb1:", "vm.return %i0"),
    )


def _calls(callee: int) -> Iterator[Case]:
    mixed = ("%i12 = vm.trunc.i64.i32 %i8:9", "%i12 = vm.xor.i32 %i12, %i10", "vm.return %i12")
    arguments = ((3, 2), (1 << 33, -4))
    call = f"%i8:9, %i10 = vm.call @conformance:{callee}(%i0:1, %i2)"
    yield Case("call", "i64 i32 -> i32", arguments, (call, *mixed))
    yieldable = f"vm.call.yieldable @conformance:{callee}(%i0:1, %i2) -> ^bb1(%i8:9, %i10)"
    yield Case("call_yieldable", "i64 i32 -> i32", arguments, (yieldable, "^bb1:", *mixed))
    count = ("%i8 = vm.call @hal.devices.count()", "vm.return %i8")
    yield Case("call_import", "-> i32", ((),), count)
    yield Case(
        "call_variadic",
        "i64 -> i32",
        ((0,),),
        (
            "%r0 = vm.const.ref.zero",
            "%r1 = vm.call.variadic @hal.fence.join segments[65535, 2](%i0:1, %r0, %r0)",
            "%i8 = vm.cmp.nz.ref %r1",
            "vm.discard.refs %r1",
            "vm.return %i8",
        ),
    )
    yield Case(
        "call_variadic_yieldable",
        "i64 i32 -> i32",
        ((0, 0), (0, -1)),
        (
            "%r0 = vm.const.ref.zero",
            "vm.call.variadic.yieldable @hal.fence.await segments[65535, 65535, 1]"
            "(%i2, %i0:1, %r0) -> ^bb1(%i8)",
            "^bb1:",
            "vm.return %i8",
        ),
    )
    for name, imported in (("devices.count", "is"), ("no_such_function", "is_not")):
        lines = (f"%i8 = vm.import.resolved @hal.{name}", "vm.return %i8")
        yield Case(f"import_{imported}_resolved", "-> i32", ((),), lines)
    yield Case(
        "call_of_missing_import",
        "i32 -> i32",
        ((1,),),
        ("%i8 = vm.call @hal.no_such_function(%i0)", "vm.return %i8"),
    )


def control_cases(callee: int) -> list[Case]:
    """Cases of everything else; `callee` is the ordinal of the private function they call."""
    return [*_constants(), *_refs(), *_branches(), *_calls(callee)]
