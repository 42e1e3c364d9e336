"""Sources that hold several modules, one after the other, where a module file holds one."""

from __future__ import annotations

from dataclasses import replace

from gossamer.compiler.frontend.frontend import LoadedProgram
from gossamer.compiler.mlir import ir, source_location
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


def split_modules(program: LoadedProgram) -> dict[str, LoadedProgram]:
    """The programs of a source, by module name; "" is the name of a module without one.

    Raises: CompileError where modules and other operations are mixed, or two modules have one name.
    """
    module = program.module
    operations = [op.operation for op in module.body.operations]
    nested = [op for op in operations if op.name == "builtin.module"]
    if not nested:
        return {_name(module.operation): program}
    for op in operations:
        if op not in nested:
            raise _error(op, f"'{op.name}' stands beside modules", "move it into one of them")
    parts: dict[str, LoadedProgram] = {}
    for op in nested:
        name = _name(op)
        if name in parts:
            raise _error(
                op, f"two modules have the name '{name}'", "a name tells the modules of a source apart"
            )
        parts[name] = replace(program, module=_take_out(op))
    return parts


def _take_out(op: ir.Operation) -> ir.Module:
    """Make a nested module one of its own."""
    module = ir.Module.create(op.location)
    for name in op.attributes:
        module.operation.attributes[name] = op.attributes[name]
    for inner in list(op.regions[0].blocks[0].operations):
        module.body.append(inner)
    return module


def _name(op: ir.Operation) -> str:
    return ir.StringAttr(op.attributes["sym_name"]).value if "sym_name" in op.attributes else ""


def _error(op: ir.Operation, message: str, hint: str) -> CompileError:
    return CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
