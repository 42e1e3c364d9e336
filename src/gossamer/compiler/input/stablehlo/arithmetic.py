"""StableHLO arithmetic whose meaning the library's lowering to linalg loses, in terms of what it keeps.

Products and convolutions of unsigned integers that give wider ones are computed as if the operands were
signed: here the operands are made as wide as the result first, which is done by their sign, and products of
equal widths are the same for both. Sums of truth values come out exclusive; they are `or` here.
Spec: StableHLO, `dot_general`, `convolution`, `add`.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find, replace_operation

_PRODUCTS = ("stablehlo.convolution", "stablehlo.dot", "stablehlo.dot_general", "stablehlo.dynamic_conv")


def keep_signs(module: ir.Module) -> None:
    """Rewrite the operations in place; types have their signs still."""
    for op in find(module.operation, *_PRODUCTS):
        _widen_unsigned(op)
        if "algorithm" in op.attributes:
            # Why: it asks for at least some precision, and products here are of the types' own.
            del op.attributes["algorithm"]
    for op in find(module.operation, "stablehlo.add"):
        if _element(op.result) == "i1":
            replace_operation(op, "stablehlo.or", {})


def _widen_unsigned(op: ir.Operation) -> None:
    wide = ir.RankedTensorType(op.result.type).element_type
    for index in (0, 1):
        operand = op.operands[index]
        if _element(operand).startswith("ui") and _element(operand)[2:] != str(wide).lstrip("sui"):
            type = ir.RankedTensorType.get(ir.RankedTensorType(operand.type).shape, wide, loc=op.location)
            op.operands[index] = ir.Operation.create(
                "stablehlo.convert", [type], [operand], loc=op.location, ip=ir.InsertionPoint(op)
            ).result


def _element(tensor: ir.Value) -> str:
    return str(ir.ShapedType(tensor.type).element_type)
