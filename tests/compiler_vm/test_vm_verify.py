"""Malformed VM IR is found before it is emitted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.verify import verify_module
from gossamer.errors import InternalError


def _use_before_definition(function: ir.Function, builder: Builder) -> None:
    late = ir.Value(ir.I32)
    builder.block.operations.append(ir.Operation("add.i32", [late, late], [ir.Value(ir.I32)]))
    builder.block.operations.append(ir.Operation("const.i32.zero", [], [late]))
    builder.ret(late)


def _use_off_the_path(function: ir.Function, builder: Builder) -> None:
    one, two = ir.Block(), ir.Block()
    function.blocks += [one, two]
    builder.cond_br(function.arguments[0], one, [], two, [])
    builder.block = one
    value = builder.i32(1)
    builder.ret(value)
    builder.block = two
    builder.ret(value)


def _no_terminator(function: ir.Function, builder: Builder) -> None:
    builder.i32(1)


def _two_terminators(function: ir.Function, builder: Builder) -> None:
    builder.ret(function.arguments[0])
    builder.ret(function.arguments[0])


def _unknown_opcode(function: ir.Function, builder: Builder) -> None:
    builder.block.operations.append(ir.Operation("add.i128"))
    builder.ret(function.arguments[0])


def _wrong_operand(function: ir.Function, builder: Builder) -> None:
    operation = ir.Operation("add.i64", list(function.arguments) * 2, [ir.Value(ir.I64)])
    builder.block.operations.append(operation)
    builder.ret(function.arguments[0])


def _missing_operand(function: ir.Function, builder: Builder) -> None:
    builder.block.operations.append(ir.Operation("add.i32", list(function.arguments), [ir.Value(ir.I32)]))
    builder.ret(function.arguments[0])


def _wrong_return(function: ir.Function, builder: Builder) -> None:
    builder.ret(builder.i64(1))


def _wrong_branch(function: ir.Function, builder: Builder) -> None:
    target = ir.Block([ir.Value(ir.I64)])
    function.blocks.append(target)
    builder.br(target, function.arguments[0])
    builder.block = target
    builder.ret(function.arguments[0])


def _unknown_global(function: ir.Function, builder: Builder) -> None:
    builder.ret(builder.op("global.load.i32", symbol="missing"))


def _unknown_callee(function: ir.Function, builder: Builder) -> None:
    builder.block.operations.append(ir.Operation("call", [], symbol="missing"))
    builder.ret(function.arguments[0])


def _wrong_arguments(function: ir.Function, builder: Builder) -> None:
    builder.block.operations.append(ir.Operation("call", [], [ir.Value(ir.I32)], symbol="f"))
    builder.ret(function.arguments[0])


def _wrong_segments(function: ir.Function, builder: Builder) -> None:
    imported = ir.Import("a.b", "0iCiD_v")
    builder.call_import(imported, function.arguments[0], [function.arguments[0]])
    builder.block.operations[-1].segments = (-1, 2)
    builder.ret(function.arguments[0])


def _type_missing(function: ir.Function, builder: Builder) -> None:
    builder.op("list.alloc", function.arguments[0], result_ref_type="!vm.list<i8>")
    builder.ret(function.arguments[0])


def _defined_twice(function: ir.Function, builder: Builder) -> None:
    value = builder.i32(1)
    builder.block.operations.append(ir.Operation("const.i32.zero", [], [value]))
    builder.ret(value)


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (_use_before_definition, "used before its definition"),
        (_use_off_the_path, "does not dominate its use"),
        (_no_terminator, "terminators at []"),
        (_two_terminators, r"terminators at \[0, 1\]"),
        (_unknown_opcode, "no opcode 'add.i128'"),
        (_wrong_operand, "operand is i32, not i64"),
        (_missing_operand, "1 operands where the opcode takes 2"),
        (_wrong_return, "values returned are 'I', not 'i'"),
        (_wrong_branch, "values passed to a block are 'i', not 'I'"),
        (_unknown_global, "there is no global 'missing'"),
        (_unknown_callee, "there is no function 'missing'"),
        (_wrong_arguments, "values passed are '', not 'i'"),
        (_wrong_segments, "values passed are 'ii', not 'iii'"),
        (_type_missing, "the type is missing"),
        (_defined_twice, "defined twice"),
    ],
)
def test_malformed_functions_are_found(fill: Callable[[ir.Function, Builder], None], message: str) -> None:
    module = ir.Module("m")
    entry = ir.Block([ir.Value(ir.I32)])
    function = module.functions["f"] = ir.Function("f", [ir.I32], [entry])
    fill(function, Builder(module, entry))

    with pytest.raises(InternalError, match=message.replace("[]", r"\[\]")) as caught:
        verify_module(module)

    assert "'f'" in str(caught.value)


def test_exports_name_functions() -> None:
    module = ir.Module("m", exports={"f": "missing"})

    with pytest.raises(InternalError, match="export 'f' names no function"):
        verify_module(module)
