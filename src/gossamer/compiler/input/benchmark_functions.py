"""Functions to measure a program by: each calls an export with zeros, and takes and returns nothing."""

from __future__ import annotations

from gossamer.compiler.mlir import ir, source_location
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

_SUFFIX = "_benchmark"
_KIND = '{iree.benchmark = "entry"}'
"""Reflection by which `iree-benchmark-module` finds them."""


def export_benchmarks(module: ir.Module) -> None:
    """Export a function `@f_benchmark` for each export `@f`, which is private from then on.

    Its arguments are in globals that nothing folds; what it returns is computed and dropped.

    Raises: CompileError at an argument that is no scalar or tensor of known shape.
    """
    with module.context:
        for view in list(module.body.operations):
            op = view.operation
            if _is_export(op):
                _add_benchmark(op)


def _is_export(op: ir.Operation) -> bool:
    if op.name != "func.func" or not list(op.regions[0].blocks):
        return False
    visibility = op.attributes.get("sym_visibility", None)
    return visibility is None or ir.StringAttr(visibility).value == "public"


def _add_benchmark(op: ir.Operation) -> None:
    name = ir.StringAttr(op.attributes["sym_name"]).value
    type = ir.FunctionType(ir.TypeAttr(op.attributes["function_type"]).value)
    location = op.location
    with location, ir.InsertionPoint(op):
        symbols = [
            _add_global(f"{name}{_SUFFIX}_arg{index}", argument, op)
            for index, argument in enumerate(type.inputs)
        ]
        function = ir.Operation.create(
            "func.func",
            attributes={
                "sym_name": ir.StringAttr.get(name + _SUFFIX),
                "function_type": ir.TypeAttr.get(ir.FunctionType.get([], [])),
                "iree.reflection": ir.Attribute.parse(_KIND),
            },
            regions=1,
        )
    body = ir.Block.create_at_start(function.regions[0])
    with location, ir.InsertionPoint(body):
        arguments = [
            ir.Operation.create(
                "ml_program.global_load", [type], attributes={"global": ir.SymbolRefAttr.get([symbol])}
            ).result
            for symbol, type in zip(symbols, type.inputs, strict=True)
        ]
        callee = ir.FlatSymbolRefAttr.get(name)
        call = ir.Operation.create("func.call", list(type.results), arguments, {"callee": callee})
        if type.results:
            ir.Operation.create("util.optimization_barrier", list(type.results), list(call.results))
        ir.Operation.create("func.return")
    op.attributes["sym_visibility"] = ir.StringAttr.get("private")


def _add_global(symbol: str, type: ir.Type, op: ir.Operation) -> str:
    attributes: dict[str, ir.Attribute] = {
        "sym_name": ir.StringAttr.get(symbol),
        "type": ir.TypeAttr.get(type),
        "sym_visibility": ir.StringAttr.get("private"),
        "value": _zeros(type, op),
        "is_mutable": ir.UnitAttr.get(),
    }
    ir.Operation.create("ml_program.global", attributes=attributes)
    return symbol


def _zeros(type: ir.Type, op: ir.Operation) -> ir.Attribute:
    element = type.element_type if isinstance(type, ir.RankedTensorType) else type
    is_static = not isinstance(type, ir.RankedTensorType) or type.has_static_shape
    if not is_static or not isinstance(element, ir.IntegerType | ir.IndexType | ir.FloatType):
        hint = "benchmarks are for functions of real numbers, and tensors of them of known shape"
        message = f"there are no zeros of type {type} to call this function with"
        raise CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
    zero = "0.0" if isinstance(element, ir.FloatType) else "0"
    return ir.Attribute.parse(f"{zero} : {type}" if element == type else f"dense<{zero}> : {type}")
