"""Calls of imports that may be missing: `vm.fallback` names the function that is called instead.

Such an import becomes optional, and each call of it a choice:

    %has = "vm.import.resolved"() {import = @custom.print} : () -> i1
    %0 = scf.if %has -> (T) { call @custom.print, yield } else { call @fallback, yield }

A fallback may be an import that may be missing itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from gossamer.compiler.mlir import ir, source_location
from gossamer.compiler.walk import find
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

FALLBACK = "vm.fallback"
OPTIONAL = "gossamer.optional"
"""Marks imports that may be missing when a module is linked."""

RESOLVED = "vm.import.resolved"
"""Operation that tells whether such an import was found."""


def choose_fallbacks(module: ir.Module) -> None:
    """Make imports with a fallback optional, and their calls choices.

    Raises: CompileError where a fallback does not exist, has another type, or leads back to its import.
    """
    functions = {_name(op): op for op in find(module.operation, "func.func")}
    fallbacks: dict[str, str] = {}
    for name, op in functions.items():
        if FALLBACK in op.attributes and not list(op.regions[0].blocks):
            fallbacks[name] = _fallback(op, functions)
    for name in fallbacks:
        _check_ends(name, fallbacks, functions)
    if not fallbacks:
        return
    for call in find(module.operation, "func.call"):
        _choose(call, fallbacks)
    for name in fallbacks:
        op = functions[name]
        # Why not kept: a symbol that is named is not removed when all its calls are inlined.
        del op.attributes[FALLBACK]
        op.attributes[OPTIONAL] = ir.UnitAttr.get()


def _fallback(op: ir.Operation, functions: Mapping[str, ir.Operation]) -> str:
    attribute = op.attributes[FALLBACK]
    name = attribute.value if isinstance(attribute, ir.FlatSymbolRefAttr) else ""
    found = functions.get(name)
    if found is None:
        raise _error(
            op,
            f"'{FALLBACK}' of '@{_name(op)}' is {attribute}, which is no function of this module",
            hint="name a function with a body, or another import, as in vm.fallback = @other",
        )
    expected, type = op.attributes["function_type"], found.attributes["function_type"]
    if expected != type:
        raise _error(
            op,
            f"fallback '@{name}' of '@{_name(op)}' has type {type}, expected {expected}",
            hint="give both the same arguments and results",
        )
    return name


def _check_ends(name: str, fallbacks: Mapping[str, str], functions: Mapping[str, ir.Operation]) -> None:
    seen = [name]
    while (following := fallbacks.get(seen[-1])) is not None:
        if following in seen:
            path = " -> ".join(f"@{each}" for each in (*seen, following))
            raise _error(
                functions[name],
                f"fallbacks lead back to where they started: {path}",
                hint="end them in a function with a body, or in an import without a fallback",
            )
        seen.append(following)


def _choose(call: ir.Operation, fallbacks: Mapping[str, str]) -> None:
    name = ir.FlatSymbolRefAttr(call.attributes["callee"]).value
    fallback = fallbacks.get(name)
    if fallback is None:
        return
    types = [result.type for result in call.results]
    with ir.InsertionPoint(call), call.location:
        found = ir.Operation.create(
            RESOLVED,
            results=[ir.IntegerType.get_signless(1)],
            attributes={"import": ir.FlatSymbolRefAttr.get(name)},
        )
        choice = ir.Operation.create("scf.if", results=types, operands=[found.result], regions=2)
        for region, callee in zip(choice.regions, (name, fallback), strict=True):
            with ir.InsertionPoint(region.blocks.append()):
                chosen = _call(call, callee)
                ir.Operation.create("scf.yield", operands=list(chosen.results))
            _choose(chosen, fallbacks if callee == fallback else {})
    for old, new in zip(call.results, choice.results, strict=True):
        old.replace_all_uses_with(new)
    call.erase()


def _call(call: ir.Operation, callee: str) -> ir.Operation:
    attributes = {name: call.attributes[name] for name in call.attributes}
    return ir.Operation.create(
        "func.call",
        results=[result.type for result in call.results],
        operands=list(call.operands),
        attributes={**attributes, "callee": ir.FlatSymbolRefAttr.get(callee)},
    )


def _name(op: ir.Operation) -> str:
    return ir.StringAttr(op.attributes["sym_name"]).value


def _error(op: ir.Operation, message: str, hint: str) -> CompileError:
    return CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
