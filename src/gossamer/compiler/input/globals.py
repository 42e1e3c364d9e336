"""IREE's globals as MLIR's: `util.global` becomes `ml_program.global`, and so do its loads and stores."""

from __future__ import annotations

import re

from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.walk import find, replace_operation
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

IMMUTABLE_MARKER = "gossamer.immutable"
"""On globals that only initialisers store to: MLIR calls any global mutable that lacks an initial value."""

PARAMETER = "gossamer.parameter"
"""On globals whose value is loaded from a parameter: scope, empty for the one without a name, and key."""

_UNINITIALIZED = "#util.uninitialized"
_STRING = r'"(?:[^"\\]|\\.)*"'
_NAMED_PARAMETER = re.compile(rf"#(?:flow|stream)\.parameter\.named<(?:({_STRING})\s*::\s*)?({_STRING})[,>]")


def convert_globals(module: ir.Module) -> None:
    """Convert globals, loads and stores.

    Raises: CompileError at initial values that are neither literals nor named parameters.
    """
    _resolve_addresses(module)
    loads = find(module.operation, "util.global.load", "ml_program.global_load_const")
    stores = find(module.operation, "util.global.store", "ml_program.global_store")
    stored = {str(store.attributes["global"]) for store in stores}
    loaded = {str(load.attributes["global"]) for load in loads}
    for op in find(module.operation, "util.global"):
        symbol = f"@{_name(op)}"
        if _parameter(op) is not None and symbol not in loaded | stored:
            # Why: nobody should have to provide a parameter that nothing reads.
            op.erase()
        else:
            _convert_global(op, is_stored=symbol in stored)
    for load in loads:
        replace_operation(load, "ml_program.global_load", {"global": load.attributes["global"]})
    for store in stores:
        if store.name == "util.global.store":
            replace_operation(store, "ml_program.global_store", {"global": store.attributes["global"]})


def _resolve_addresses(module: ir.Module) -> None:
    """Turn accesses through an address taken in the same function into accesses by name."""
    for op in find(module.operation, "util.global.load.indirect", "util.global.store.indirect"):
        address = op.operands[-1].owner
        if isinstance(address, ir.Block) or address.name != "util.global.address":
            continue
        direct = ir.Operation.create(
            op.name.removesuffix(".indirect"),
            [result.type for result in op.results],
            list(op.operands)[:-1],
            {"global": address.attributes["global"]},
            loc=op.location,
            ip=ir.InsertionPoint(op),
        )
        for old, new in zip(op.results, direct.results, strict=True):
            old.replace_all_uses_with(new)
        op.erase()
    for address in find(module.operation, "util.global.address"):
        if not any(True for _ in address.results[0].uses):
            address.erase()


def _convert_global(op: ir.Operation, *, is_stored: bool) -> None:
    given = op.attributes
    parameter = _parameter(op)
    value = None if parameter else _initial_value(op)
    attributes: dict[str, ir.Attribute] = {
        "sym_name": given["sym_name"],
        "type": given["type"],
        "sym_visibility": ir.StringAttr.get("private"),
    }
    if value is not None:
        attributes["value"] = value
    if "is_mutable" in given or is_stored or value is None:
        attributes["is_mutable"] = ir.UnitAttr.get()
        if "is_mutable" not in given:
            attributes[IMMUTABLE_MARKER] = ir.UnitAttr.get()
    if parameter is not None:
        attributes[PARAMETER] = parameter
    for named in given:
        if named.startswith("noinline") or named.startswith("stream."):
            attributes[named] = given[named]
    replace_operation(op, "ml_program.global", attributes)


def _parameter(op: ir.Operation) -> ir.ArrayAttr | None:
    """Scope and key of the parameter that is the initial value, if it is one."""
    match = _NAMED_PARAMETER.match(str(op.attributes.get("initial_value")))
    if match is None:
        return None
    # Why: MLIR knows what its strings' escapes mean.
    return ir.ArrayAttr.get([ir.Attribute.parse(match[1] or '""'), ir.Attribute.parse(match[2])])


def _initial_value(op: ir.Operation) -> ir.Attribute | None:
    value = op.attributes.get("initial_value")
    if value is None or str(value).startswith(_UNINITIALIZED):
        return None
    if isinstance(value, ir.OpaqueAttr):
        raise CompileError(
            [
                Diagnostic(
                    f"initial value of global '@{_name(op)}' is {value}, which is not supported",
                    source_location(op.location),
                    hint="give it a literal or a named parameter, or store to it in a util.initializer",
                )
            ]
        )
    return value


def _name(op: ir.Operation) -> str:
    return ir.StringAttr(op.attributes["sym_name"]).value
