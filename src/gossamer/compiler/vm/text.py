"""VM IR as text, for `--compile-to=`, tests and eyes; nothing reads it back.

The spelling is that of IREE's vm dialect where it has one for what the IR says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from gossamer.abi.calling_convention import Span, parse_calling_convention
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.text_operations import Names, format_operation, type_text

_INDENT = "  "
_MAX_SHOWN_BYTES = 32


Notes = Callable[[ir.Function], Callable[[ir.Operation], str]]
"""What to write at the end of the lines of operations, function by function."""


def format_module(module: ir.Module, notes: Notes | None = None) -> str:
    """Text of a whole module: globals, data, imports, exports, functions."""
    lines = [f"vm.module public @{module.name}{_attributes(module.attrs)} {{"]
    lines += [_INDENT + _global(variable) for variable in module.globals.values()]
    lines += [_INDENT + _rodata(rodata) for rodata in module.rodata.values()]
    lines += [_INDENT + _import(imported) for imported in module.imports.values()]
    lines += [_INDENT + _export(name, function) for name, function in module.exports.items()]
    for function in module.functions.values():
        text = format_function(function, module.imports, notes)
        lines += [(_INDENT + line).rstrip() for line in text.split("\n")]
    return "\n".join([*lines, "}"]) + "\n"


def format_function(
    function: ir.Function, imports: Mapping[str, ir.Import] | None = None, notes: Notes | None = None
) -> str:
    """Text of a function; `imports` are those of its module."""
    note = _no_note if notes is None else notes(function)
    return "\n".join(_function_lines(function, imports or {}, note))


def _no_note(_operation: ir.Operation) -> str:
    return ""


def _function_lines(
    function: ir.Function, imports: Mapping[str, ir.Import], note: Callable[[ir.Operation], str]
) -> Iterator[str]:
    names = Names(function, imports)
    arguments = ", ".join(f"{names.value(value)}: {type_text(value.type)}" for value in function.arguments)
    results = ", ".join(map(type_text, function.result_types))
    if len(function.result_types) != 1:
        results = f"({results})"
    arrow = f" -> {results}" if function.result_types else ""
    yield f"vm.func private @{function.name}({arguments}){arrow}{_attributes(function.attrs)} {{"
    for index, block in enumerate(function.blocks):
        if index:
            yield _block_header(names, block)
        for operation in block.operations:
            yield _INDENT + format_operation(operation, names) + note(operation)
    yield "}"


def _block_header(names: Names, block: ir.Block) -> str:
    arguments = ", ".join(f"{names.value(value)}: {type_text(value.type)}" for value in block.arguments)
    return f"{names.block(block)}({arguments}):" if arguments else f"{names.block(block)}:"


def _global(variable: ir.Global) -> str:
    kind = "ref" if variable.type.kind is ir.ValueType.REF else str(variable.type)
    return f"vm.global.{kind} private mutable @{variable.name} : {type_text(variable.type)}"


def _rodata(rodata: ir.Rodata) -> str:
    properties = f"alignment = {rodata.alignment}"
    if rodata.mime_type:
        properties += f', mime_type = "{rodata.mime_type}"'
    return f"vm.rodata private @{_symbol(rodata.name)} <{properties}> {_data_text(bytes(rodata.data))}"


def _data_text(data: bytes) -> str:
    if data.isascii() and data.decode().isprintable():
        return json.dumps(data.decode())
    shown = data[:_MAX_SHOWN_BYTES].hex().upper()
    more = "..." if len(data) > _MAX_SHOWN_BYTES else ""
    return f'dense<"0x{shown}{more}"> : vector<{len(data)}xi8>'


def _import(imported: ir.Import) -> str:
    convention = parse_calling_convention(imported.calling_convention)
    arguments = ", ".join(
        f"tuple<{', '.join(map(_kind_text, argument.element))}> ..."
        if isinstance(argument, Span)
        else _kind_text(argument)
        for argument in convention.arguments
    )
    names = imported.result_ref_types or ("",) * len(convention.results)
    types = [ir.Type(ir.ValueType(kind), name) for kind, name in zip(convention.results, names, strict=True)]
    results = ", ".join(map(type_text, types))
    if len(types) > 1:
        results = f"({results})"
    arrow = f" -> {results}" if types else ""
    properties = {**imported.attrs}
    if imported.minimum_version:
        properties["minimum_version"] = str(imported.minimum_version)
    optional = "optional " if imported.is_optional else ""
    return f"vm.import private {optional}@{imported.full_name}({arguments}){arrow}{_attributes(properties)}"


def _kind_text(kind: str) -> str:
    return type_text(ir.Type(ir.ValueType(kind)))


def _export(name: str, function: str) -> str:
    return f"vm.export @{name}" if name == function else f"vm.export @{function} as({json.dumps(name)})"


def _symbol(name: str) -> str:
    return name if name.replace("_", "a").replace(".", "a").replace("$", "a").isalnum() else json.dumps(name)


def _attributes(attrs: Mapping[str, str]) -> str:
    if not attrs:
        return ""
    return " attributes {" + ", ".join(f"{key} = {json.dumps(text)}" for key, text in attrs.items()) + "}"
