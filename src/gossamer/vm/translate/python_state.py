"""Statements of operations that need more than their register operands: globals, types, rodata, imports.

Names of the state that text may use: `globals_i`, `globals_q` (value globals as arrays), `global_values`
(their buffer), `global_refs`, `rodata` (a tuple), `imports_resolved` (a tuple of 0 and 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from gossamer.isa.opcodes import IMPORT_BIT
from gossamer.vm.bytecode.decoded import DecodedModule
from gossamer.vm.translate.global_access import GLOBAL_LOADS, GLOBAL_STORES, load_ref, store_ref
from gossamer.vm.translate.list_access import get_ref
from gossamer.vm.translate.module_facts import ModuleFacts
from gossamer.vm.translate.python_operations import Names, operation_text
from gossamer.vm.typed.typed_function import TypedInstruction

_VALUE_BYTES = {"i32": 4, "i64": 8, "f32": 4, "f64": 8}
_VIEW_NAMES = {"i32": "globals_i", "i64": "globals_q"}


def statement_texts(
    facts: ModuleFacts, instruction: TypedInstruction, operands: Sequence[str], names: Names
) -> list[str]:
    """Statements of an instruction that is neither a call nor a terminator."""
    name = instruction.name
    if name in ("discard.refs", "trace", "print"):
        return []
    if name == "switch.ref":
        return _switch_ref_texts(instruction, operands, names)
    if name.startswith("global."):
        if name in ("global.load.ref", "global.store.ref"):
            return _direct_ref_texts(facts, instruction, operands, names)
        return [_global_text(instruction, operands, names)]
    expression = _expression_text(facts.module, instruction, operands, names)
    return [f"{instruction.results[0]} = {expression}" if instruction.results else expression]


def _expression_text(
    module: DecodedModule, instruction: TypedInstruction, operands: Sequence[str], names: Names
) -> str:
    name, immediates = instruction.name, instruction.immediates
    if name == "const.ref.zero":
        return "None"
    if name == "const.ref.rodata":
        return f"{names.state('rodata')}[{immediates[0]}]"
    if name == "import.resolved":
        ordinal = cast("int", immediates[0])
        is_import = bool(ordinal & IMPORT_BIT)
        return f"{names.state('imports_resolved')}[{ordinal & ~IMPORT_BIT}]" if is_import else "1"
    if name.startswith("switch."):
        index, default, *values = operands
        chosen = f"({''.join(value + ', ' for value in values)})[{index}]"
        return f"{chosen} if 0 <= {index} < {len(values)} else {default}" if values else default
    if name in ("select.ref", "cast.any.ref"):
        selected = operands[0] if len(operands) == 1 else f"{operands[1]} if {operands[0]} else {operands[2]}"
        return f"{_type_text(instruction, names)}.check({selected})"
    if name == "list.alloc":
        return f"{names.operation(name)}({_type_name(module, instruction)!r}, {operands[0]})"
    if name == "list.get.ref":
        names.constants["list_get_ref"] = get_ref
        type_ = _type_text(instruction, names)
        return f"list_get_ref({operands[0]}, {operands[1]}, {type_}, {instruction.is_take})"
    return operation_text(name, operands, names)


def _type_name(module: DecodedModule, instruction: TypedInstruction) -> str:
    return module.definition.types[cast("int", instruction.immediates[-1])]


def _type_text(instruction: TypedInstruction, names: Names) -> str:
    return names.state(f"type_{cast('int', instruction.immediates[-1])}")


def _switch_ref_texts(instruction: TypedInstruction, operands: Sequence[str], names: Names) -> list[str]:
    """Why statements: only the register that is chosen gives up its ref."""
    index, default, *values = operands
    result = instruction.results[0]
    lines: list[str] = []
    for number, value in enumerate([*values, default]):
        release = f"; {value} = None" if value in instruction.released else ""
        condition = f"{'elif' if number else 'if'} {index} == {number}:" if number < len(values) else "else:"
        check = f"{result} = {_type_text(instruction, names)}.check({value}){release}"
        lines.append(f"{condition} {check}" if values else check)
    return lines


def _direct_ref_texts(
    facts: ModuleFacts, instruction: TypedInstruction, operands: Sequence[str], names: Names
) -> list[str]:
    place = cast("int", instruction.immediates[0])
    element = f"{names.state('global_refs')}[{place}]"
    if instruction.name == "global.store.ref":
        return [f"{element} = {_type_text(instruction, names)}.check({operands[0]})"]
    value = element if place in facts.uniform_refs else f"{_type_text(instruction, names)}.check({element})"
    load = f"{instruction.results[0]} = {value}"
    return [load, f"{element} = None"] if instruction.is_take else [load]


def _global_text(instruction: TypedInstruction, operands: Sequence[str], names: Names) -> str:
    name = instruction.name
    value_type = name.rpartition(".")[2]
    is_indirect = ".indirect" in name
    place = operands[0] if is_indirect else str(instruction.immediates[0])
    stored = operands[-1] if name.startswith("global.store") else None
    if value_type == "ref":
        type_ = _type_text(instruction, names)
        refs = names.state("global_refs")
        names.constants.update(load_global_ref=load_ref, store_global_ref=store_ref)
        if stored is not None:
            return f"store_global_ref({refs}, {place}, {type_}, {stored})"
        return f"{instruction.results[0]} = load_global_ref({refs}, {place}, {type_}, {instruction.is_take})"
    view = _VIEW_NAMES.get(value_type)
    if view is not None and not is_indirect and int(place) % _VALUE_BYTES[value_type] == 0:
        element = f"{names.state(view)}[{int(place) // _VALUE_BYTES[value_type]}]"
        return f"{element} = {stored}" if stored is not None else f"{instruction.results[0]} = {element}"
    accesses = GLOBAL_STORES if stored is not None else GLOBAL_LOADS
    helper = f"{'store' if stored is not None else 'load'}_global_{value_type}"
    names.constants[helper] = accesses[value_type]
    values = names.state("global_values")
    if stored is not None:
        return f"{helper}({values}, {place}, {stored})"
    return f"{instruction.results[0]} = {helper}({values}, {place})"
