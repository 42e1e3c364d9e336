"""Gradients of a maximum over windows: StableHLO's select_and_scatter, also where windows overlap.

A window is reduced to the position of what it selects; a scatter adds to these positions.
Spec: StableHLO, `select_and_scatter`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from gossamer.compiler.input.stablehlo.builder import compare, stablehlo
from gossamer.compiler.input.stablehlo.indexed import lower_scatter
from gossamer.compiler.mlir import ir

_NUMBERS = (
    "#stablehlo.scatter<inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>"
)


def lower_select_and_scatter(op: ir.Operation) -> Sequence[ir.Value] | None:
    """Lower it for static shapes."""
    operand, source, initial = op.operands
    type, source_type = ir.RankedTensorType(operand.type), ir.RankedTensorType(source.type)
    if (
        not type.has_static_shape
        or not source_type.has_static_shape
        or 0 in (*type.shape, *source_type.shape)
    ):
        return None
    count, updates = prod(type.shape), prod(source_type.shape)
    positions = _selected_positions(op, operand, source_type)
    column = stablehlo("reshape", [positions], ir.RankedTensorType.get([updates, 1], _i32()))
    flat = ir.RankedTensorType.get([count], type.element_type)
    nowhere: dict[str, ir.Attribute] = {"broadcast_dimensions": ir.DenseI64ArrayAttr.get([])}
    start = stablehlo("broadcast_in_dim", [initial], flat, nowhere)
    values = stablehlo("reshape", [source], ir.RankedTensorType.get([updates], type.element_type))
    attributes = {"scatter_dimension_numbers": ir.Attribute.parse(_NUMBERS)}
    scatter = ir.Operation.create("stablehlo.scatter", [flat], [start, column, values], attributes, regions=1)
    op.regions[1].blocks[0].append_to(scatter.regions[0])
    with ir.InsertionPoint(scatter):
        results = lower_scatter(scatter)
    assert results is not None
    scatter.erase()
    return [stablehlo("reshape", [results[0]], type)]


def _selected_positions(op: ir.Operation, operand: ir.Value, windows: ir.RankedTensorType) -> ir.Value:
    """For each window, the number of the element that it selects, in row-major order."""
    type = ir.RankedTensorType(operand.type)
    first: dict[str, ir.Attribute] = {
        "iota_dimension": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), 0)
    }
    numbers = stablehlo("iota", [], ir.RankedTensorType.get([prod(type.shape)], _i32()), first)
    numbers = stablehlo("reshape", [numbers], ir.RankedTensorType.get(type.shape, _i32()))
    kept = ("window_dimensions", "window_strides", "padding")
    attributes = {name: op.attributes[name] for name in kept if name in op.attributes}
    initial = [op.operands[2], _number(-1)]
    types = [ir.RankedTensorType.get(windows.shape, element) for element in (type.element_type, _i32())]
    reduce = ir.Operation.create(
        "stablehlo.reduce_window", types, [operand, numbers, *initial], attributes, regions=1
    )
    op.regions[0].blocks[0].append_to(reduce.regions[0])
    _make_reduction(reduce.regions[0].blocks[0], op.location)
    return reduce.results[1]


def _make_reduction(block: ir.Block, location: ir.Location) -> None:
    """Make a selection between two numbers one between two numbers with positions; -1 is that of none."""
    left, right = block.arguments
    scalar, position = left.type, ir.RankedTensorType.get([], _i32())
    new = [block.add_argument(type, location) for type in (scalar, position, scalar, position)]
    left.replace_all_uses_with(new[0])
    right.replace_all_uses_with(new[2])
    block.erase_argument(1)
    block.erase_argument(0)
    left, left_position, right, right_position = block.arguments
    *_, terminator = (view.operation for view in block.operations)
    with ir.InsertionPoint(terminator), location:
        flag = terminator.operands[0]
        has_left = compare("GE", left_position, _number(0))
        has_no_right = compare("LT", right_position, _number(0))
        selected = stablehlo("or", [stablehlo("and", [flag, has_left], flag.type), has_no_right], flag.type)
        chosen = [
            stablehlo("select", [selected, *sides], sides[0].type)
            for sides in ((left, right), (left_position, right_position))
        ]
        ir.Operation.create("stablehlo.return", operands=chosen)
    terminator.erase()


def _number(value: int) -> ir.Value:
    type = ir.RankedTensorType.get([], _i32())
    attribute = ir.DenseElementsAttr.get_splat(type, ir.IntegerAttr.get(_i32(), value))
    return stablehlo("constant", [], type, {"value": attribute})


def _i32() -> ir.IntegerType:
    return ir.IntegerType.get_signless(32)
