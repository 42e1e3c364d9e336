"""Appends StableHLO operations of one result at the present insertion point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gossamer.compiler.mlir import ir


def stablehlo(
    name: str,
    operands: Sequence[ir.Value],
    type: ir.Type,
    attributes: Mapping[str, ir.Attribute] | None = None,
) -> ir.Value:
    """Append an operation.

    Args:
        name: without the dialect, such as "add".
        operands: in order.
        type: of the result.
        attributes: all that the operation has.
    """
    return ir.Operation.create(
        f"stablehlo.{name}", results=[type], operands=list(operands), attributes=dict(attributes or {})
    ).result


def compare(direction: str, left: ir.Value, right: ir.Value) -> ir.Value:
    """Append a comparison of two tensors of one type.

    Args:
        direction: "EQ", "NE", "LT", "LE", "GT" or "GE".
        left: its left.
        right: its right.
    """
    flags = ir.RankedTensorType.get(ir.RankedTensorType(left.type).shape, ir.IntegerType.get_signless(1))
    attribute = ir.Attribute.parse(f"#stablehlo<comparison_direction {direction}>")
    return stablehlo("compare", [left, right], flags, {"comparison_direction": attribute})
