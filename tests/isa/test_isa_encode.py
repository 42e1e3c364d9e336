"""Instructions → bytes: labels, padding, round trips, and misuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from gossamer.isa.decode import decode_function
from gossamer.isa.encode import Assembler, Label, encode_function
from gossamer.isa.opcodes import OPCODES_BY_NAME, OperandKind
from strategies import functions


def test_branches_to_blocks_before_and_after() -> None:
    assembler = Assembler()
    later = assembler.new_label()
    start = assembler.block()
    assembler.emit("br", later, ())
    assembler.block(later)
    assembler.emit("br", start, ((1, 2),))

    function = assembler.finish()

    assert function.bytecode.hex(" ") == "79 56 08 00 00 00 00 00 79 56 00 00 00 00 01 00 01 00 02 00"
    assert function.block_count == 2
    assert function.offsets == (0, 1, 8, 9)


def test_padding_goes_before_lists_at_odd_offsets_only() -> None:
    assembler = Assembler()
    assembler.block()
    assert assembler.emit("discard.refs", (0x8000,)) == 1
    assert assembler.emit("return", (1,)) == 6

    assert assembler.finish().bytecode.hex(" ") == "79 85 01 00 00 80 5a 00 01 00 01 00"


@given(functions())
@settings(deadline=None)
def test_what_is_assembled_decodes_to_itself(
    function: tuple[bytes, list[tuple[str, tuple[Any, ...]]]],
) -> None:
    bytecode, emitted = function
    decoded = decode_function(bytecode)
    blocks = [i.offset for i in decoded if i.opcode.name == "block"]

    def resolve(kind: OperandKind, value: Any) -> Any:
        if isinstance(value, Label):
            return blocks[value.ordinal]
        if kind is OperandKind.CASES:
            return tuple((blocks[label.ordinal], remap) for label, remap in value)
        return value

    assert [i.opcode.name for i in decoded] == [name for name, _ in emitted]
    for instruction, (name, values) in zip(decoded, emitted, strict=True):
        kinds = [operand.kind for operand in OPCODES_BY_NAME[name].operands]
        assert instruction.operands == tuple(map(resolve, kinds, values))
    assert [i.offset + i.length for i in decoded] == [*(i.offset for i in decoded[1:]), len(bytecode)]


@given(functions())
@settings(deadline=None)
def test_decoded_instructions_encode_to_the_same_bytes(function: tuple[bytes, object]) -> None:
    assert encode_function(decode_function(function[0])) == function[0]


def test_removing_instructions_moves_targets() -> None:
    assembler = Assembler()
    end = assembler.new_label()
    assembler.block()
    assembler.emit("const.i64", 1, 0)
    assembler.emit("br", end, ())
    assembler.block(end)
    assembler.emit("return", ())
    instructions = decode_function(assembler.finish().bytecode)

    shorter = decode_function(encode_function(i for i in instructions if i.opcode.name != "const.i64"))

    assert [i.opcode.name for i in shorter] == ["block", "br", "block", "return"]
    assert shorter[1].operands[0] == shorter[2].offset


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("add.i128", (), "unknown operation 'add.i128'"),
        ("vm.add.i32", (1, 2, 3), "unknown operation"),
        ("add.i32", (1, 2), "add.i32 has 3 operands, not 2"),
        ("add.i32", (1, 2, -1), "does not fit an operand of kind 'i'"),
        ("add.i32", (1, 2, 0x10000), "does not fit"),
        ("const.i32", (2**31, 0), "does not fit"),
        ("const.f32", (1e300, 0), "does not fit"),
        ("br", (0, ()), "a block is named by its label"),
        ("fail", (0, b"x" * 65536), "does not fit"),
        ("return", ((0,) * 65536,), "does not fit"),
        ("return", (("a",),), "does not fit"),
    ],
)
def test_misuse_is_refused(name: str, values: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Assembler().emit(name, *values)


def test_a_label_is_placed_once_and_before_the_end() -> None:
    assembler = Assembler()
    label = assembler.new_label()
    assembler.block()
    assembler.emit("br", label, ())
    with pytest.raises(ValueError, match="label 0 is branched to but has no block"):
        assembler.finish()
    assembler.block(label)
    with pytest.raises(ValueError, match="label 0 is placed already"):
        assembler.block(label)


def test_a_target_that_is_no_block_is_refused() -> None:
    instructions = decode_function(bytes.fromhex("79 56 01000000 0000"))

    with pytest.raises(ValueError, match="br: no block at offset 1"):
        encode_function(instructions)
