"""Appends StableHLO operations of one result at the present insertion point, and reads their attributes."""

from __future__ import annotations

import re
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


def signed(integers: ir.Value) -> ir.Value:
    """Integers of a type that `arith` knows: it has no unsigned ones."""
    type = ir.RankedTensorType(integers.type)
    element = type.element_type
    if not isinstance(element, ir.IntegerType) or not element.is_unsigned:
        return integers
    return stablehlo(
        "convert", [integers], ir.RankedTensorType.get(type.shape, ir.IntegerType.get_signless(64))
    )


def dims_of(op: ir.Operation, attribute: str, name: str) -> list[int]:
    """Dimensions that an attribute of StableHLO's own lists under a name, empty where it does not.

    Why by text: the attribute's Python class belongs to a package that takes long to import.
    """
    found = re.search(rf"\b{name} = \[([^\]]*)\]", str(op.attributes[attribute]))
    return [int(number) for number in found[1].split(",")] if found and found[1].strip() else []


def index_vector_dim_of(op: ir.Operation, attribute: str) -> int:
    """Which dimension of the indices of a gather or scatter holds their components."""
    found = re.search(r"\bindex_vector_dim = (\d+)", str(op.attributes[attribute]))
    return int(found[1]) if found else 0


def config_of(op: ir.Operation) -> ir.DictAttr | None:
    """The named options of a custom call, None where it has none."""
    for name in ("backend_config", "mhlo.backend_config"):
        if name in op.attributes and isinstance(config := op.attributes[name], ir.DictAttr):
            return config
    return None
