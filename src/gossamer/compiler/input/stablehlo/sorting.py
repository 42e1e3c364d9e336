"""Sorts by one key, and what is made of them: JAX's approximate top-k, which is exact here."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.input.stablehlo.builder import config_of, stablehlo
from gossamer.compiler.input.stablehlo.indexed import lower_sort
from gossamer.compiler.mlir import ir


def append_sort(tensors: Sequence[ir.Value], dimension: int, direction: str) -> list[ir.Value]:
    """Append tensors in the order of the first one.

    Args:
        tensors: of one shape.
        dimension: along which they are sorted.
        direction: "LT" ascending, "GT" descending.
    """
    attributes: dict[str, ir.Attribute] = {
        "dimension": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), dimension),
        "is_stable": ir.BoolAttr.get(True),
    }
    types = [tensor.type for tensor in tensors]
    sort = ir.Operation.create("stablehlo.sort", types, list(tensors), attributes, regions=1)
    scalars = [ir.RankedTensorType.get([], ir.RankedTensorType(type).element_type) for type in types]
    arguments = [scalar for scalar in scalars for _ in range(2)]
    body = ir.Block.create_at_start(sort.regions[0], arguments, [sort.location] * len(arguments))
    flags = ir.RankedTensorType.get([], ir.IntegerType.get_signless(1))
    comparison = {"comparison_direction": ir.Attribute.parse(f"#stablehlo<comparison_direction {direction}>")}
    with ir.InsertionPoint(body):
        is_before = stablehlo("compare", list(body.arguments)[:2], flags, comparison)
        ir.Operation.create("stablehlo.return", operands=[is_before])
    with ir.InsertionPoint(sort):
        results = list(lower_sort(sort))
    sort.erase()
    return results


def lower_approximate_top_k(op: ir.Operation) -> Sequence[ir.Value] | None:
    """Lower JAX's `ApproxTopK` to the first of what is sorted: the best results are allowed ones."""
    config = config_of(op)
    names = [ir.FlatSymbolRefAttr(name).value for name in ir.ArrayAttr(op.attributes["called_computations"])]
    directions = [direction for direction in ("gt", "lt") if names[0].startswith(f"top_k_{direction}_")]
    if config is None or len(op.operands) != 4 or not directions:
        return None
    if not ir.BoolAttr(config["aggregate_to_topk"]).value:
        return None
    dimension = ir.IntegerAttr(config["reduction_dim"]).value
    ordered = append_sort(list(op.operands)[:2], dimension, directions[0].upper())
    return [_first(tensor, result.type) for tensor, result in zip(ordered, op.results, strict=True)]


def _first(tensor: ir.Value, type: ir.Type) -> ir.Value:
    shape = ir.RankedTensorType(type).shape
    bounds = {"start_indices": [0] * len(shape), "limit_indices": shape, "strides": [1] * len(shape)}
    attributes: dict[str, ir.Attribute] = {
        name: ir.DenseI64ArrayAttr.get(numbers) for name, numbers in bounds.items()
    }
    return stablehlo("slice", [tensor], type, attributes)
