"""Templates of the disassembler, read the other way: what the text of an operation consists of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeAlias

from gossamer.isa.disassemble import instruction_template
from gossamer.isa.opcodes import OPCODES_BY_NAME, Opcode, OperandKind


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an operand is.

    Attributes:
        index: of the operand; None for a type that is read and dropped.
        storage: `.rwdata` or `.refs` where the operand is printed in its brackets.
        in_parentheses: a remap list in parentheses, which may be left out.
    """

    index: int | None
    storage: str = ""
    in_parentheses: bool = False


Template: TypeAlias = tuple[str | Slot, ...]
"""Fixed texts and operands in order."""


class InstructionTemplate(NamedTuple):
    """What is before and after the name of an operation; without the `=`."""

    results: Template
    operands: Template


_PIECE = re.compile(
    r"(?P<storage>\.rwdata|\.refs)\[\{(?P<stored>\d)\}\]"
    r"|\(\{(?P<remap>\d)\}\)"
    r"|\{(?P<index>\d)\}"
    r"|(?P<dropped>!vm\.ref<\?>)"
    r"|(?P<literal>\{\{|\}\}|!vm\.list<|[\w.]+[\[:]?|->|\S)"
)

# Spellings of IREE's assembler where they are not what its disassembler prints.
_IREE_SPELLINGS = {
    "global.store.indirect.i32": "vm.x {0}, {1}",
    "global.store.indirect.i64": "vm.x {0}, {1}",
    "global.store.indirect.f32": "vm.x {0}, {1}",
    "global.store.indirect.f64": "vm.x {0}, {1}",
    "global.store.indirect.ref": "vm.x {0} : {1}, {2}",
    "trace": "vm.x {0}, {1}",
    "print": "vm.x {0}, {1}",
}
_OWN_SPELLING = re.compile(r'\.rwdata\[|\.refs\[|"\s*\(')


def template_of(opcode: Opcode, text: str) -> InstructionTemplate:
    """Template to read an instruction by; its text decides where there are two."""
    if opcode.name in _IREE_SPELLINGS and not _OWN_SPELLING.search(text):
        return _parse_template(opcode.name, _IREE_SPELLINGS[opcode.name])
    return _parse_template(opcode.name, instruction_template(opcode.name))


@cache
def _parse_template(name: str, text: str) -> InstructionTemplate:
    results, _, operands = text.rpartition(" = ")
    return InstructionTemplate(_parse_pieces(name, results), _parse_pieces(name, operands.partition(" ")[2]))


def _parse_pieces(name: str, text: str) -> Template:
    kinds = [operand.kind for operand in OPCODES_BY_NAME[name].operands]
    pieces: list[str | Slot] = []
    for match in _PIECE.finditer(text):
        if match["storage"]:
            pieces.append(Slot(int(match["stored"]), storage=match["storage"]))
        elif match["remap"]:
            index = int(match["remap"])
            is_remap = kinds[index] is OperandKind.REMAP
            pieces += [Slot(index, in_parentheses=True)] if is_remap else ["(", Slot(index), ")"]
        elif match["index"]:
            pieces.append(Slot(int(match["index"])))
        elif match["dropped"]:
            pieces.append(Slot(None))
        else:
            pieces.append({"{{": "{", "}}": "}"}.get(match["literal"], match["literal"]))
    return tuple(pieces)
