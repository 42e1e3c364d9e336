"""Bytes → instructions: examples byte by byte, and what is refused."""

from __future__ import annotations

import pytest

from gossamer.errors import FormatError
from gossamer.isa.decode import decode_function


def _decode_one(text: str, offset: int = 0) -> tuple[str, tuple[object, ...], int]:
    """Decode hex text; returns the instruction at `offset`."""
    (instruction,) = (i for i in decode_function(bytes.fromhex(text)) if i.offset == offset)
    return instruction.opcode.name, instruction.operands, instruction.length


@pytest.mark.parametrize(
    ("text", "name", "operands"),
    [
        ("79", "block", ()),
        ("22 0100 0200 0300", "add.i32", (1, 2, 3)),
        ("0D FFFFFFFF 0000", "const.i32", (-1, 0)),
        ("0F 0000000000000080 0400", "const.i64", (-(2**63), 4)),
        ("E0 05 0000C03F 0700", "const.f32", (1.5, 7)),
        ("E1 05 000000000000F8BF 0800", "const.f64", (-1.5, 8)),
        ("08 01000000 02000000 0080", "global.load.ref", (1, 2, 0x8000)),
        ("5B 0100 0300 616263", "fail", (1, b"abc")),
        ("58 03000080 00 0200 0100 0280 0100 0400", "call", (0x80000003, (1, 0x8002), (4,))),
        ("56 10000000 00 0100 0100 0200", "br", (16, ((1, 2),))),
        ("1F 0000 0100 00 0100 0200 0300", "switch.i32", (0, 1, (2,), 3)),
        (
            "83 0000 07000000 00 0000 0100 08000000 0100 0100 0200",
            "br_table",
            (0, 7, (), ((8, ((1, 2),)),)),
        ),
    ],
)
def test_instruction(text: str, name: str, operands: tuple[object, ...]) -> None:
    assert _decode_one(text) == (name, operands, len(bytes.fromhex(text)))


def test_lists_start_at_even_offsets_of_the_function() -> None:
    at_even = _decode_one("5A 00 0100 0500")
    at_odd = _decode_one("79 5A 0100 0500", offset=1)

    assert at_even == ("return", ((5,),), 6)
    assert at_odd == ("return", ((5,),), 5)


def test_padding_may_hold_anything() -> None:
    assert _decode_one("5A FF 0000") == ("return", ((),), 4)


def test_views_of_any_buffer_decode() -> None:
    data = bytearray(b"\x79\x5a\x00\x00")

    assert decode_function(memoryview(data)) == decode_function(bytes(data))


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("89", 0, "unknown opcode 0x89"),
        ("79 FF", 1, "unknown opcode 0xFF"),
        ("E0", 0, "prefix 0xE0 is the last byte"),
        ("E0 3E", 0, "unknown opcode 0x3E of page F32"),
        ("E1 40", 0, "unknown opcode 0x40 of page F64"),
        ("22 0100 0200 03", 1, "operand of 6 bytes passes the end"),
        ("79 5A", 2, "operand of 2 bytes passes the end"),
        ("79 5A FFFF", 4, "list of 65535 registers passes the end"),
        ("79 56 00000000 FFFF 0100", 8, "list of 131070 registers passes the end"),
        ("5B 0000 0400 616263", 5, "string of 4 bytes passes the end"),
        ("83 0000 00000000 00 0000 FFFF 0000", 12, "operand of 4 bytes passes the end"),
    ],
)
def test_bad_bytes_are_refused_with_their_offset(text: str, offset: int, message: str) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        decode_function(bytes.fromhex(text), base_offset=1000)

    assert caught.value.offset == 1000 + offset
    assert caught.value.table == "bytecode"
