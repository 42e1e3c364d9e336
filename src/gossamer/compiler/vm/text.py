"""VM IR as text, for `--compile-to=`, tests and eyes; nothing reads it back."""

from __future__ import annotations

from collections.abc import Iterator

from gossamer.compiler.vm import ir


def format_module(module: ir.Module) -> str:
    """Text of a whole module: globals, data, imports, exports, functions."""
    lines = [f"vm.module @{module.name} {{"]
    lines += [f"  vm.global @{variable.name} : {variable.type}" for variable in module.globals.values()]
    lines += [_rodata(rodata) for rodata in module.rodata.values()]
    lines += [_import(function) for function in module.imports.values()]
    lines += [f"  vm.export @{name} = @{function}" for name, function in module.exports.items()]
    for function in module.functions.values():
        lines += [f"  {line}".rstrip() for line in format_function(function).split("\n")]
    return "\n".join([*lines, "}"]) + "\n"


def format_function(function: ir.Function) -> str:
    """Text of a function; values and blocks are numbered in order."""
    return "\n".join(_FunctionText(function).lines())


class _FunctionText:
    def __init__(self, function: ir.Function) -> None:
        self._function = function
        self._blocks = {block: f"^bb{index}" for index, block in enumerate(function.blocks)}
        self._values: dict[ir.Value, str] = {}

    def lines(self) -> Iterator[str]:
        function = self._function
        arguments = ", ".join(f"{self._name(value)}: {value.type}" for value in function.arguments)
        results = ", ".join(map(str, function.result_types))
        yield f"vm.func @{function.name}({arguments}) -> ({results}) {{"
        for index, block in enumerate(function.blocks):
            if index:
                arguments = ", ".join(f"{self._name(value)}: {value.type}" for value in block.arguments)
                yield f"{self._blocks[block]}({arguments}):" if arguments else f"{self._blocks[block]}:"
            for operation in block.operations:
                yield f"  {self._operation(operation)}"
        yield "}"

    def _operation(self, operation: ir.Operation) -> str:
        parts = [f"vm.{operation.name}"]
        if operation.symbol:
            parts.append(f"@{operation.symbol}")
        if operation.immediate is not None:
            parts.append(repr(operation.immediate))
        if operation.operands:
            parts.append(", ".join(map(self._name, operation.operands)))
        if operation.segments:
            parts.append(f"segments {list(operation.segments)}")
        if operation.successors:
            parts.append(", ".join(map(self._successor, operation.successors)))
        if operation.type:
            parts.append(f": {operation.type}")
        elif operation.results:
            parts.append(": " + ", ".join(str(result.type) for result in operation.results))
        text = " ".join(parts)
        results = ", ".join(map(self._name, operation.results))
        return f"{results} = {text}" if results else text

    def _successor(self, successor: ir.Successor) -> str:
        name = self._blocks[successor.block]
        arguments = ", ".join(map(self._name, successor.arguments))
        return f"{name}({arguments})" if arguments else name

    def _name(self, value: ir.Value) -> str:
        return self._values.setdefault(value, f"%{len(self._values)}")


def _rodata(rodata: ir.Rodata) -> str:
    kind = f" {rodata.mime_type}" if rodata.mime_type else ""
    return f"  vm.rodata @{rodata.name} : {len(rodata.data)} bytes, aligned to {rodata.alignment}{kind}"


def _import(function: ir.Import) -> str:
    optional = " optional" if function.is_optional else ""
    return f"  vm.import{optional} @{function.full_name} {function.calling_convention}"
