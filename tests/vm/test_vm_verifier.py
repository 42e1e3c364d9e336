"""What the verifier refuses, with function and offset."""

import dataclasses
from collections.abc import Callable

import pytest
from bytecode_programs import Program, imported, moved, r

from gossamer.errors import FormatError
from gossamer.format.module_def import ExportFunction, ModuleDef, ModuleDependency, Requirements
from gossamer.isa.encode import Assembler
from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.vm.loading import bytecode_module


def returns(a: Assembler) -> None:
    a.emit("return", ())


def one(*instruction: object) -> Callable[[Assembler], None]:
    """Body of one instruction and a return."""

    def body(a: Assembler) -> None:
        a.emit(*instruction)  # type: ignore[arg-type]
        a.emit("return", ())

    return body


def program() -> Program:
    return Program(
        imports=(imported("host.f", "0rCiiD_I"), imported("host.g", "0i_v")),
        rodata=(b"a",),
        global_bytes=16,
        global_refs=2,
    )


ACCEPTED = [
    one("add.i32", 15, 0, 7),
    one("add.i64", 14, 0, 12),
    one("global.store.i64", 8, 0),
    one("global.load.ref", 1, 2, moved(3)),
    one("call.variadic", IMPORT_BIT, (0xFFFF, 2), (r(0), 0, 1, 2, 3), (4,)),
    one("call.variadic", IMPORT_BIT, (0xFFFF, 0), (r(0),), (4,)),
    one("call", 0, (), ()),
    one("call", IMPORT_BIT | 1, (5, r(0), 6), ()),
    one("list.alloc", 0, 1, r(0)),
    one("discard.refs", (r(0), moved(1))),
]


@pytest.mark.parametrize("body", ACCEPTED)
def test_good_operands_are_accepted(body: Callable[[Assembler], None]) -> None:
    assert program().function("f", "0v_v", body).build().name == "m"


REFUSED = [
    (one("add.i32", 16, 0, 0), "i32 register 16 passes the 16"),
    (one("add.i32", r(0), 0, 0), "ref register 0 is given where a register of type i32"),
    (one("add.i64", 1, 0, 0), "i64 register 1 is odd"),
    (one("add.f64", 0, 0, 16), "f64 register 16 passes the 16"),
    (one("buffer.length", 3, 0), "value register 3 is given where a ref register"),
    (one("assign.ref", r(4), r(0)), "ref register 4 passes the 4"),
    (one("switch.i64", 0, 0, (2, 3), 4), "i64 register 3 is odd"),
    (one("discard.refs", (0,)), "value register 0 is given where a ref register"),
    (one("const.ref.rodata", 1, r(0)), "rodata 1 passes the 1"),
    (one("global.load.i32", 13, 0), "global of 4 bytes at byte 13"),
    (one("global.store.f64", 9, 0), "global of 8 bytes at byte 9"),
    (one("global.load.ref", 2, 2, r(0)), "global ref 2 passes the 2"),
    (one("global.load.ref", 0, 5, r(0)), "type 5 passes the 5"),
    (one("global.load.ref", 0, 0, r(0)), "type i32 is given where a ref type"),
    (one("cast.any.ref", r(0), 1, r(0)), "type i64 is given where a ref type"),
    (one("call", 1, (), ()), "function 1 passes the 1"),
    (one("call", IMPORT_BIT | 2, (), ()), "import 2 passes the 2"),
    (one("call", IMPORT_BIT | 1, (), ()), "0 argument registers for 1 arguments"),
    (one("call", IMPORT_BIT | 1, (r(0),), ()), "a register of type i32 is needed"),
    (one("call", IMPORT_BIT, (r(0),), (0,)), "call it with a variadic call"),
    (one("call.variadic", 0, (), (), ()), "only imports take spans"),
    (one("call.variadic", IMPORT_BIT, (0xFFFF,), (r(0),), (0,)), "1 segment counts for 2 arguments"),
    (one("call.variadic", IMPORT_BIT, (0xFFFF, 2), (r(0), 0, 1, 2), (4,)), "4 argument registers for 5"),
    (one("call.variadic", IMPORT_BIT, (0xFFFF, 0), (r(0),), (5,)), "i64 register 5 is odd"),
    (one("call.variadic", IMPORT_BIT, (0xFFFF, 0), (r(0),), ()), "0 result registers for 1"),
    (one("import.resolved", 0, 0), "names an internal function"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_bad_operands_are_refused(body: Callable[[Assembler], None], message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        program().function("f", "0v_v", body).build()
    assert caught.value.table == "m.f"
    assert caught.value.offset == 1


@pytest.mark.parametrize(
    ("remap", "message"),
    [
        (((0, r(0)),), "value register 0 is given"),
        (((r(0), 0),), "ref register 0 is given"),
        (((0, 99),), "i32 register 99 passes"),
        (((moved(9), r(0)),), "ref register 9 passes"),
    ],
)
def test_remaps_are_checked(remap: tuple[tuple[int, int], ...], message: str) -> None:
    def body(a: Assembler) -> None:
        target = a.new_label()
        a.emit("br", target, remap)
        a.block(target)
        a.emit("return", ())

    with pytest.raises(FormatError, match=message):
        program().function("f", "0v_v", body).build()


def test_results_are_checked_against_the_calling_convention() -> None:
    with pytest.raises(FormatError, match="0 result registers for 1"):
        program().function("f", "0v_i", returns).build()
    with pytest.raises(FormatError, match="a ref register is needed"):
        program().function("f", "0v_r", lambda a: a.emit("return", (0,))).build()


def test_branches_go_to_blocks() -> None:
    def body(a: Assembler) -> None:
        target = a.new_label()
        a.emit("br", target, ())
        a.block(target)
        a.emit("return", ())

    definition = program().function("f", "0v_v", body).definition()
    bytecode = bytearray(definition.bytecode_data)
    bytecode[2] += 1
    with pytest.raises(FormatError, match="where no block starts"):
        bytecode_module(dataclasses.replace(definition, bytecode_data=bytes(bytecode)))


def test_frames_have_room_for_arguments() -> None:
    with pytest.raises(FormatError, match="arguments need 4 value and 0 ref registers"):
        program().function("f", "0iI_v", returns, values=2, refs=0).build()
    with pytest.raises(FormatError, match="arguments need 0 value and 2 ref registers"):
        program().function("f", "0rr_v", returns, values=0, refs=1).build()


def test_register_counts_round_up_as_in_the_reference() -> None:
    module = program().function("f", "0iii_i", lambda a: a.emit("return", (3,)), values=3, refs=0).build()
    assert module.create_state().link(()).bind("f")(1, 2, 3) == 0
    program().function("f", "0ir_v", returns, values=0, refs=0).build()


@pytest.mark.parametrize(("values", "refs"), [(-1, 0), (0, -1), (0x4001, 0), (0, 0x2001)])
def test_register_counts_have_limits(values: int, refs: int) -> None:
    with pytest.raises(FormatError, match="registers are not possible"):
        program().function("f", "0v_v", returns, values=values, refs=refs).build()


def test_internal_functions_take_no_spans() -> None:
    with pytest.raises(FormatError, match="takes a span"):
        program().function("f", "0CiD_v", returns).build()


def test_extensions_must_be_declared() -> None:
    body = one("neg.f32", 0, 0)
    with pytest.raises(FormatError, match="needs EXT_F32") as caught:
        program().function("f", "0v_v", body, requirements=Requirements.EXT_F64).build()
    assert caught.value.offset == 1
    program().function("f", "0v_v", body, requirements=Requirements.EXT_F32).build()


def test_blocks_are_counted() -> None:
    for count in (0, 2):
        with pytest.raises(FormatError, match=f"{count} blocks declared, 1 found"):
            program().function("f", "0v_v", returns, block_count=count).build()


def test_blocks_end_with_a_terminator() -> None:
    with pytest.raises(FormatError, match="no terminator"):
        program().function("f", "0v_v", lambda a: a.emit("const.i32.zero", 0)).build()
    with pytest.raises(FormatError, match="a block starts inside another"):
        program().function("f", "0v_v", lambda a: (a.block(), a.emit("return", ()))).build()
    with pytest.raises(FormatError, match=r"const\.i32\.zero is not in a block"):
        program().function("f", "0v_v", lambda a: (a.emit("return", ()), a.emit("const.i32.zero", 0))).build()


def change(**fields: object) -> ModuleDef:
    definition = program().function("f", "0v_v", returns).definition()
    return dataclasses.replace(definition, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("definition", "table", "message"),
    [
        (change(name=""), "BytecodeModuleDef", "no name"),
        (change(dependencies=(ModuleDependency(""),)), "dependencies", "no module name"),
        (change(imported_functions=(imported("nodot", "0v_v"),)), "imported_functions", "'module.function'"),
        (change(imported_functions=(imported("m.", "0v_v"),)), "imported_functions", "'module.function'"),
        (change(types=("i32", "f16")), "types", "'f16' is not registered"),
        (change(global_bytes_capacity=-1), "module_state", "-1 bytes"),
        (change(global_ref_count=1 << 30), "module_state", "refs of globals"),
        (change(function_signatures=()), "function_signatures", "0 signatures for 1 descriptors"),
        (change(exported_functions=(ExportFunction("x", 1),)), "exported_functions", "function 1 of 1"),
        (change(exported_functions=(ExportFunction("x", -1),)), "exported_functions", "function -1 of 1"),
        (change(bytecode_data=b"\x79"), "function_descriptors", "passes the 1 bytes"),
    ],
)
def test_tables_are_checked(definition: ModuleDef, table: str, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        bytecode_module(definition)
    assert caught.value.table == table


def test_undecodable_bytecode_names_its_function() -> None:
    with pytest.raises(FormatError) as caught:
        bytecode_module(change(bytecode_data=bytes([0xFF] * 16)))
    assert "m.f" in str(caught.value)
