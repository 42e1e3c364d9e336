"""Integer powers of StableHLO, of whose exponents the library's lowering reads six bits, and those as signed.

More bits are taken six at a time: `a ** b` is the product over k of `a ** (64 ** k) ** (b >> 6 * k & 63)`.
Products wrap, so that odd bases have powers that are not zero however large the exponent is.
"""

from __future__ import annotations

from gossamer.compiler.input.stablehlo.builder import compare, stablehlo
from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_BITS = 6


def widen_exponents(module: ir.Module) -> None:
    """Rewrite integer powers in place, but those whose exponent is a small constant."""
    for op in find(module.operation, "stablehlo.power"):
        element = ir.ShapedType(op.result.type).element_type
        if isinstance(element, ir.IntegerType) and not _is_small_constant(op.operands[1]):
            with ir.InsertionPoint(op), op.location:
                result = _power(op, element)
            op.result.replace_all_uses_with(result)
            op.erase()


def _power(op: ir.Operation, element: ir.IntegerType) -> ir.Value:
    base, exponent = op.operands
    mask = _constant((1 << _BITS) - 1, exponent)
    shift = _constant(_BITS, exponent)
    result = _binary("power", base, _binary("and", exponent, mask))
    factor, rest = base, exponent
    for _ in range(_BITS, element.width, _BITS):
        for _ in range(_BITS):
            factor = _binary("multiply", factor, factor)
        rest = _binary("shift_right_logical", rest, shift)
        result = _binary("multiply", result, _binary("power", factor, _binary("and", rest, mask)))
    if element.is_unsigned:
        return result
    # The library's own form is right for negative exponents.
    is_negative = compare("LT", exponent, _constant(0, exponent))
    return stablehlo("select", [is_negative, _binary("power", base, exponent), result], result.type)


def _is_small_constant(exponent: ir.Value) -> bool:
    owner = exponent.owner
    if isinstance(owner, ir.Block) or owner.name != "stablehlo.constant":
        return False
    value = owner.attributes["value"]
    if not isinstance(value, ir.DenseIntElementsAttr) or not value.is_splat:
        return False
    return 0 <= ir.IntegerAttr(value.get_splat_value()).value < 1 << _BITS


def _constant(value: int, like: ir.Value) -> ir.Value:
    """A number in the shape of a tensor, which may be dynamic: the tensor clamped to the number."""
    scalar = ir.RankedTensorType.get([], ir.ShapedType(like.type).element_type)
    attribute = ir.Attribute.parse(f"dense<{value}> : {scalar}")
    constant = stablehlo("constant", [], scalar, {"value": attribute})
    return stablehlo("clamp", [constant, like, constant], like.type)


def _binary(name: str, left: ir.Value, right: ir.Value) -> ir.Value:
    return stablehlo(name, [left, right], left.type)
