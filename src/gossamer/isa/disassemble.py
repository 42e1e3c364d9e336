"""Instructions → text, as `iree-dump-module` prints it and `iree-as-module` reads it.

Most operations read `results = vm.name operands`, in the order of the opcode table; the others have a
template here.

Lawful differences from IREE 3.13.0:
    switch.ref      IREE forgets the type and misreads what follows; here the type comes last, as
                    with `select.ref`.
    cast.ui64.f32   unknown to IREE's disassembler; here it reads as its sisters do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from gossamer.isa.instruction import Cases, Instruction, OperandValue, RemapList
from gossamer.isa.opcodes import (
    MOVE_BIT,
    OPCODES,
    REF_BIT,
    REF_ORDINAL_MASK,
    OperandKind,
)

_VALUE_ORDINAL_MASK = 0x7FFF


class Symbols(Protocol):
    """What a module knows about the ordinals in its bytecode."""

    def type_name(self, ordinal: int) -> str:
        """Full name of a type."""
        ...

    def function_name(self, ordinal: int) -> str:
        """Name of a function for messages, without `@`; IMPORT_BIT is in the ordinal."""
        ...

    def rodata_size(self, ordinal: int) -> int:
        """Bytes of a rodata segment."""
        ...


# `T` stands for each value type; `{n}` is the n-th operand of the opcode table's row.
_TEMPLATES_TEXT = """
global.load.T             {1} = vm.global.load.T .rwdata[{0}]
global.store.T            vm.global.store.T {1}, .rwdata[{0}]
global.load.indirect.T    {1} = vm.global.load.indirect.T .rwdata[{0}]
global.store.indirect.T   vm.global.store.indirect.T {1}, .rwdata[{0}]
global.load.ref           {2} = vm.global.load.ref .refs[{0}] : {1}
global.store.ref          vm.global.store.ref {2}, .refs[{0}] : {1}
global.load.indirect.ref  {2} = vm.global.load.indirect.ref .refs[{0}] : {1}
global.store.indirect.ref vm.global.store.indirect.ref {2}, .refs[{0}] : {1}
list.alloc                {2} = vm.list.alloc {1} : !vm.list<{0}>
list.get.ref              {3} = vm.list.get.ref {0}, {1} : {2}
select.T                  {3} = vm.select.T {0} ? {1} : {2}
select.ref                {4} = vm.select.ref {0} ? {2} : {3} -> {1}
switch.T                  {3} = vm.switch.T {0}[{2}] else {1}
switch.ref                {4} = vm.switch.ref {0}[{3}] else {2} -> {1}
cast.any.ref              {2} = vm.cast.any.ref {0} : !vm.ref<?> -> {1}
buffer.store.i8           vm.buffer.store.i8 {2}, {0}, {1}
buffer.store.i16          vm.buffer.store.i16 {2}, {0}, {1}
buffer.store.T            vm.buffer.store.T {2}, {0}, {1}
br                        vm.br {0}({1})
cond_br                   vm.cond_br {0}, {1}({2}), {3}({4})
br_table                  vm.br_table {0} {{ default: {1}({2}){3} }}
yield                     vm.yield {0}({1})
break                     vm.break {0}({1})
cond_break                vm.cond_break {0}, {1}({2})
call                      {2} = vm.call @{0}({1})
call.variadic             {3} = vm.call.variadic @{0} segments[{1}]({2})
call.yieldable            vm.call.yieldable @{0}({1}) -> {2}({3})
call.variadic.yieldable   vm.call.variadic.yieldable @{0} segments[{1}]({2}) -> {3}({4})
import.resolved           {1} = vm.import.resolved @{0}
trace                     vm.trace {0}({1})
print                     vm.print {0}({1})
"""


def _default_template(name: str) -> str:
    opcode = next(opcode for opcode in OPCODES if opcode.name == name)
    results = [f"{{{i}}}" for i, operand in enumerate(opcode.operands) if operand.is_result]
    operands = [f"{{{i}}}" for i, operand in enumerate(opcode.operands) if not operand.is_result]
    text = f"vm.{name} {', '.join(operands)}" if operands else f"vm.{name}"
    return f"{', '.join(results)} = {text}" if results else text


def _make_templates() -> dict[str, str]:
    templates = {opcode.name: _default_template(opcode.name) for opcode in OPCODES}
    for line in _TEMPLATES_TEXT.strip().splitlines():
        name, template = line.split(None, 1)
        for value_type in ("i32", "i64", "f32", "f64"):
            of_type = name.replace(".T", f".{value_type}")
            templates[of_type] = template.replace(".T", f".{value_type}")
    return templates


_TEMPLATES = _make_templates()


def instruction_template(name: str) -> str:
    """How an operation reads: `{n}` stands for its n-th operand."""
    return _TEMPLATES[name]


def disassemble_function(
    instructions: Sequence[Instruction], symbols: Symbols, *, bytecode_offsets: bool = False
) -> str:
    """Print a function's instructions, one a line, blocks as `^bb0:`.

    Args:
        bytecode_offsets: start each line with the instruction's offset.
    """
    blocks = [i.offset for i in instructions if i.opcode.name == "block"]
    block_ordinals = {offset: ordinal for ordinal, offset in enumerate(blocks)}
    lines: list[str] = []
    for instruction in instructions:
        indent = "" if instruction.opcode.name == "block" else "  "
        offset = f"[{instruction.offset:08X}]" if bytecode_offsets else ""
        lines.append(f"{offset}{indent}{disassemble_instruction(instruction, symbols, block_ordinals)}\n")
    return "".join(lines)


def disassemble_instruction(
    instruction: Instruction,
    symbols: Symbols,
    block_ordinals: Mapping[int, int] | None = None,
    value_text: Callable[[OperandKind, int], str] | None = None,
) -> str:
    """Print one instruction.

    Args:
        value_text: gives what a register holds, to be shown behind each that is read.
        block_ordinals: of the function's blocks, by offset; without them, and for targets that are not
            among them, a block is printed by its offset.
    """

    def block_name(offset: int) -> str:
        if block_ordinals is None or offset not in block_ordinals:
            return f"^{offset:08X}"
        return f"^bb{block_ordinals[offset]}"

    opcode = instruction.opcode
    if opcode.name == "block":
        return "<block>" if block_ordinals is None else f"{block_name(instruction.offset)}:"
    texts = [
        _operand_text(operand.kind, value, symbols, block_name)
        for operand, value in zip(opcode.operands, instruction.operands, strict=True)
    ]
    if value_text is not None:
        for index, (operand, value) in enumerate(zip(opcode.operands, instruction.operands, strict=True)):
            if not operand.is_result:
                texts[index] = _with_values(operand.kind, value, texts[index], value_text)
    if opcode.name == "const.ref.zero":
        texts[0] = texts[0].lower()
    # Why: a call without results has nothing before its equals sign.
    text = _TEMPLATES[opcode.name].format(*texts).removeprefix(" = ")
    return text.rstrip(" ") if opcode.name == "return" else text


def _operand_text(
    kind: OperandKind, value: OperandValue, symbols: Symbols, block_name: Callable[[int], str]
) -> str:
    match kind:
        case OperandKind.CASES:
            return "".join(
                f", {index}: {block_name(target)}({_remap_text(remap)})"
                for index, (target, remap) in enumerate(cast(Cases, value))
            )
        case OperandKind.REMAP:
            return _remap_text(cast(RemapList, value))
        case OperandKind.REGISTERS:
            return ", ".join(register_name(register) for register in cast("tuple[int, ...]", value))
        case OperandKind.SEGMENTS:
            return ", ".join(str(size) for size in cast("tuple[int, ...]", value))
        case OperandKind.STRING:
            return f'"{cast(bytes, value).decode("utf-8", "surrogateescape")}"'
        case OperandKind.IMMEDIATE_F32:
            return _float_text(cast(float, value), ".9g")
        case OperandKind.IMMEDIATE_F64:
            return _float_text(cast(float, value), ".17g")
        case _:
            return _integer_text(kind, cast(int, value), symbols, block_name)


_REGISTER_KINDS = (
    OperandKind.I32,
    OperandKind.I64,
    OperandKind.F32,
    OperandKind.F64,
    OperandKind.REF,
    OperandKind.REF_MOVE,
)


def _with_values(
    kind: OperandKind, value: OperandValue, text: str, value_text: Callable[[OperandKind, int], str]
) -> str:
    """An operand's text, behind each register what it holds."""
    if kind in _REGISTER_KINDS:
        return f"{text}({value_text(kind, cast(int, value))})"
    if kind is OperandKind.REGISTERS:
        return ", ".join(
            f"{register_name(register)}"
            f"({value_text(OperandKind.REF if register & REF_BIT else OperandKind.I32, register)})"
            for register in cast("tuple[int, ...]", value)
        )
    return text


def _integer_text(kind: OperandKind, value: int, symbols: Symbols, block_name: Callable[[int], str]) -> str:
    match kind:
        case OperandKind.I64 | OperandKind.F64:
            low = value & _VALUE_ORDINAL_MASK
            return f"%i{low}:{low + 1}"
        case OperandKind.I32 | OperandKind.F32:
            return f"%i{value & _VALUE_ORDINAL_MASK}"
        case OperandKind.REF:
            return f"%r{value & REF_ORDINAL_MASK}"
        case OperandKind.REF_MOVE:
            return register_name(value | REF_BIT)
        case OperandKind.IMMEDIATE_I32:
            return f"{value}  // 0x{value & 0xFFFFFFFF:08X}"
        case OperandKind.IMMEDIATE_I64:
            return f"{value}  // 0x{value & 0xFFFFFFFF_FFFFFFFF:016X}"
        case OperandKind.RODATA:
            return f"{value}  // {symbols.rodata_size(value)}b"
        case OperandKind.FUNCTION:
            return symbols.function_name(value)
        case OperandKind.TYPE:
            return symbols.type_name(value)
        case OperandKind.BLOCK:
            return block_name(value)
        case _:
            return str(value)


def register_name(register: int) -> str:
    """Name of a raw register: `%i3`, `%r3`, or `%R3` where the ref is moved."""
    if register & REF_BIT:
        return f"%{'R' if register & MOVE_BIT else 'r'}{register & REF_ORDINAL_MASK}"
    return f"%i{register}"


def _remap_text(remap: RemapList) -> str:
    return ", ".join(f"{register_name(source)}->{register_name(target)}" for source, target in remap)


def _float_text(value: float, spec: str) -> str:
    """As C prints it: a NaN shows its sign."""
    if math.isnan(value):
        return "-nan" if math.copysign(1.0, value) < 0 else "nan"
    return format(value, spec)
