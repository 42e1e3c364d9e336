"""Moves a group of operations into an executable's function and leaves a dispatch in its place."""

from __future__ import annotations

from dataclasses import dataclass

from gossamer.compiler.flow.fusion import used_values
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.tensor.shapes import Shapes
from gossamer.compiler.walk import walk


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A dispatch that has no name yet.

    Attributes:
        op: the `flow.dispatch`.
        function: what it runs.
        executable: a `builtin.module` that holds the function and is nowhere yet.
    """

    op: ir.Operation
    function: ir.Operation
    executable: ir.Operation


def outline(group: list[ir.Operation], shapes: Shapes) -> Dispatch:
    """Replace the results of a group's root, its last operation, by those of a dispatch.

    Args:
        group: in program order; its operations stay where they are, without uses of the root.
        shapes: its builder appends before the root.
    """
    root = group[-1]
    build = shapes.builder
    result_dims = [dim for result in root.results for dim in shapes.dynamic_dims(result)]
    operands = [value for value in _captured(group) if value not in result_dims]
    result_types = [result.type for result in root.results]
    attributes: dict[str, ir.Attribute] = {
        "operand_count": ir.IntegerAttr.get(ir.IntegerType.get_signless(64, root.context), len(operands)),
    }
    dispatch = build.op("flow.dispatch", [*operands, *result_dims], result_types, attributes)
    executable, function = _make_function(group, [*operands, *result_dims])
    for old, new in zip(root.results, dispatch.results, strict=True):
        old.replace_all_uses_with(new)
    return Dispatch(dispatch, function, executable)


def _captured(group: list[ir.Operation]) -> list[ir.Value]:
    inside = {result for op in group for result in op.results}
    used = dict.fromkeys(value for op in group for value in used_values(op))
    return [value for value in used if value not in inside]


def _make_function(group: list[ir.Operation], arguments: list[ir.Value]) -> tuple[ir.Operation, ir.Operation]:
    root = group[-1]
    types = [argument.type for argument in arguments]
    results = [result.type for result in root.results]
    location = root.location
    executable = ir.Operation.create("builtin.module", regions=1, loc=location)
    body = ir.Block.create_at_start(executable.regions[0])
    build = IndexBuilder(ir.InsertionPoint(body), location)
    function = build.op(
        "func.func",
        [],
        [],
        {
            "sym_name": ir.StringAttr.get("dispatch", root.context),
            "function_type": ir.TypeAttr.get(ir.FunctionType.get(types, results, root.context)),
        },
        regions=1,
    )
    entry = ir.Block.create_at_start(
        function.regions[0], types, [_location_of(argument, location) for argument in arguments]
    )
    values: dict[ir.Value, ir.Value] = dict(zip(arguments, entry.arguments, strict=True))
    build.at = ir.InsertionPoint(entry)
    for op in group:
        copy = op.clone(build.at).operation
        _replace_operands(copy, values)
        values.update(zip(op.results, copy.results, strict=True))
    build.op("func.return", [values[result] for result in root.results], [])
    return executable, function


def _replace_operands(op: ir.Operation, values: dict[ir.Value, ir.Value]) -> None:
    for nested in walk(op):
        for position, operand in enumerate(nested.operands):
            if operand in values:
                nested.operands[position] = values[operand]


def _location_of(value: ir.Value, default: ir.Location) -> ir.Location:
    return value.location if isinstance(value, ir.BlockArgument) else default
