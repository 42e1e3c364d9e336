"""The opcode table: complete, and its documentation page current."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from gossamer.isa.docs import isa_page
from gossamer.isa.opcodes import EXTENSIONS_BY_PREFIX, OPCODES, OPCODES_BY_NAME, Extension

_REPOSITORY = Path(__file__).resolve().parents[2]


def test_every_operation_is_there_once() -> None:
    pages = Counter(opcode.extension for opcode in OPCODES)

    assert len(OPCODES) == 262 + 1  # and `block`
    assert len(OPCODES_BY_NAME) == len(OPCODES)
    assert pages == {Extension.CORE: 137, Extension.F32: 62, Extension.F64: 64}


def test_numbers_of_a_page_have_no_gaps_and_no_prefix() -> None:
    for extension in Extension:
        numbers = [opcode.number for opcode in OPCODES if opcode.extension is extension]
        assert numbers == list(range(len(numbers)))
        assert not set(numbers) & set(EXTENSIONS_BY_PREFIX)


def test_terminators() -> None:
    assert {opcode.name for opcode in OPCODES if opcode.is_terminator} == {
        "br",
        "br_table",
        "break",
        "call.variadic.yieldable",
        "call.yieldable",
        "cond_br",
        "cond_break",
        "fail",
        "return",
        "yield",
    }


def test_results_are_last_operands() -> None:
    for opcode in OPCODES:
        flags = [operand.is_result for operand in opcode.operands]
        assert flags == sorted(flags), opcode.name


def test_documentation_page_is_current() -> None:
    page = _REPOSITORY / "docs" / "isa.md"

    assert page.read_text() == isa_page(), "run: python -m gossamer.isa.docs docs/isa.md"
