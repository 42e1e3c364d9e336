"""VM operations as text, in the spelling of IREE's vm dialect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from gossamer.abi.calling_convention import Span, parse_calling_convention
from gossamer.compiler.vm import ir


def type_text(type: ir.Type) -> str:
    """A type: "i32", "!vm.buffer", "!vm.list<i8>", "!vm.ref<!hal.buffer>"; "!vm.ref<?>" for any ref."""
    if type.kind is not ir.ValueType.REF:
        return str(type)
    name = type.ref_type
    return name if name.startswith("!vm.") else f"!vm.ref<{name or '?'}>"


class Names:
    """Names of a function's blocks and values, given out in order.

    Attributes:
        imports: of the module, by full name; calls of others print without groups.
    """

    def __init__(self, function: ir.Function, imports: Mapping[str, ir.Import]) -> None:
        self.imports = imports
        self._blocks = {block: f"^bb{index}" for index, block in enumerate(function.blocks)}
        self._values = {value: f"%arg{index}" for index, value in enumerate(function.arguments)}
        self._taken = set(self._values.values())
        self._unnamed = 0
        self._repeated = 0

    def block(self, block: ir.Block) -> str:
        """Name of a block."""
        return self._blocks[block]

    def value(self, value: ir.Value, suggestion: str = "") -> str:
        """Name of a value; where it has none yet, the one suggested, or a number."""
        if value not in self._values:
            self._values[value] = name = self._unique(suggestion)
            self._taken.add(name)
        return self._values[value]

    def list(self, values: Iterable[ir.Value]) -> str:
        """Names of values, separated by commas."""
        return ", ".join(map(self.value, values))

    def _unique(self, suggestion: str) -> str:
        if not suggestion:
            self._unnamed += 1
            return f"%{self._unnamed - 1}"
        name = f"%{suggestion}"
        while name in self._taken:
            name = f"%{suggestion}_{self._repeated}"
            self._repeated += 1
        return name


def format_operation(operation: ir.Operation, names: Names) -> str:
    """Text of an operation, on one line."""
    text = f"vm.{operation.name}{_rest(operation, names)}"
    suggestion = _suggested_name(operation)
    results = ", ".join(names.value(result, suggestion) for result in operation.results)
    return f"{results} = {text}" if results else text


def _suggested_name(operation: ir.Operation) -> str:
    if operation.name == "const.ref.zero":
        return "null"
    if operation.name.startswith("const.") and operation.name.endswith(".zero"):
        return "zero"
    if operation.name in ("const.i32", "const.i64"):
        return f"c{operation.immediate}"
    if operation.results and operation.results[0].type.kind is ir.ValueType.REF:
        return "ref"
    return ""


def _rest(operation: ir.Operation, names: Names) -> str:
    """All after the name of an operation."""
    family, _, member = operation.name.partition(".")
    match family:
        case "const":
            return _constant(operation)
        case "global":
            return _global_access(operation, names)
        case "call":
            return _call(operation, names)
        case "br" | "cond_br" | "yield" | "break" | "cond_break":
            parts = [*map(names.value, operation.operands), *_successors(operation, names)]
            return " " + ", ".join(parts)
        case "br_table":
            return _table(operation, names)
        case "fail" | "trace" | "print":
            return _message(operation, names)
        case "buffer" if member.startswith(("load.", "store.")):
            return _buffer_access(operation, names)
        case _:
            return _generic(operation, names)


def _constant(operation: ir.Operation) -> str:
    if operation.name == "const.ref.rodata":
        return f" @{operation.symbol} : !vm.buffer"
    if operation.name == "const.ref.zero":
        return f" : {type_text(operation.results[0].type)}"
    return "" if operation.immediate is None else f" {operation.immediate}"


def _global_access(operation: ir.Operation, names: Names) -> str:
    type = type_text((operation.results or operation.operands)[-1].type)
    parts = [names.list(operation.operands)] if operation.operands else []
    if operation.symbol:
        parts.append(f"@{operation.symbol}")
    return f" {', '.join(parts)} : {type}"


def _call(operation: ir.Operation, names: Names) -> str:
    arguments = ", ".join(_call_arguments(operation, names))
    types = ", ".join(type_text(operand.type) for operand in operation.operands)
    text = f" @{operation.symbol}({arguments}) : ({types}) -> "
    if not operation.successors:
        return text + _types(operation.results)
    continuation = operation.successors[0].block
    return text + f"{names.block(continuation)} {_types(continuation.arguments, always_grouped=True)}"


def _call_arguments(operation: ir.Operation, names: Names) -> Iterator[str]:
    """Operands; a span in brackets, its groups in parentheses where they have several members."""
    imported = names.imports.get(operation.symbol)
    if imported is None or not operation.segments:
        yield from map(names.value, operation.operands)
        return
    remaining = iter(operation.operands)
    convention = parse_calling_convention(imported.calling_convention)
    for argument, count in zip(convention.arguments, operation.segments, strict=True):
        if not isinstance(argument, Span):
            yield names.value(next(remaining))
            continue
        size = len(argument.element)
        groups = [names.list(islice(remaining, size)) for _ in range(count)]
        yield "[" + ", ".join(f"({group})" if size > 1 else group for group in groups) + "]"


def _types(values: list[ir.Value], *, always_grouped: bool = False) -> str:
    text = ", ".join(type_text(value.type) for value in values)
    return text if len(values) == 1 and not always_grouped else f"({text})"


def _successors(operation: ir.Operation, names: Names) -> list[str]:
    return [_successor(successor, names) for successor in operation.successors]


def _successor(successor: ir.Successor, names: Names) -> str:
    name = names.block(successor.block)
    if not successor.arguments:
        return name
    types = ", ".join(type_text(argument.type) for argument in successor.arguments)
    return f"{name}({names.list(successor.arguments)} : {types})"


def _table(operation: ir.Operation, names: Names) -> str:
    default, *cases = _successors(operation, names)
    targets = [f"default: {default}", *(f"{index}: {case}" for index, case in enumerate(cases))]
    return f" {names.list(operation.operands)} {{{', '.join(targets)}}}"


def _message(operation: ir.Operation, names: Names) -> str:
    message = json.dumps(str(operation.immediate or ""))
    if operation.name == "fail":
        return f" {names.list(operation.operands)}, {message}"
    types = ", ".join(type_text(operand.type) for operand in operation.operands)
    return f" {message}({names.list(operation.operands)})" + (f" : {types}" if types else "")


def _buffer_access(operation: ir.Operation, names: Names) -> str:
    place = f"{names.value(operation.operands[0])}[{names.value(operation.operands[1])}]"
    if operation.results:
        return f" {place} : !vm.buffer -> {type_text(operation.results[0].type)}"
    stored = operation.operands[2]
    return f" {names.value(stored)}, {place} : {type_text(stored.type)} -> !vm.buffer"


def _generic(operation: ir.Operation, names: Names) -> str:
    """Operands and types: one type where all are alike, as of arithmetic; else those of both sides."""
    operands, results = operation.operands, operation.results
    text = f" {names.list(operands)}" if operands else ""
    if operation.symbol:
        text += f" @{operation.symbol}"
    sources = list(dict.fromkeys(type_text(operand.type) for operand in operands))
    is_arithmetic = operation.name.startswith(("cmp.", "select.", "switch."))
    if not operands and not results:
        return text
    if not results:
        return f"{text} : {', '.join(type_text(operand.type) for operand in operands)}"
    target = type_text(results[0].type)
    if sources in ([], [target]) or is_arithmetic:
        return f"{text} : {sources[-1] if is_arithmetic and sources else target}"
    all_sources = ", ".join(type_text(operand.type) for operand in operands)
    return f"{text} : {all_sources if len(operands) == 1 else f'({all_sources})'} -> {target}"
