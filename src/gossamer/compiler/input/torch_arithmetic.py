"""Torch's arithmetic that the library's lowering gets wrong or leaves, in terms of what it keeps.

NaN wins in maxima, minima and limits, and differs from itself. The reciprocal of zero is infinity, where the
lowering asserts that there is no zero. Integers are negated, and divided to whole numbers, through floats,
which do not hold all of them. Remainders of floats are exact. Powers and means of integers, and what is said
of all or any bytes, have no lowering.
"""

from __future__ import annotations

from gossamer.compiler.input.torch_elementwise import (
    convert,
    create_torch_op,
    element_of,
    elementwise,
    with_element,
)
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import Body
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.walk import find

_LARGEST_EXPONENT = 16
_EQUAL, _GREATER, _LESS, _NOT_EQUAL = 1, 2, 4, 13
"""Predicates of `arith.cmpf`; NaN is not equal to anything."""
_FLOAT = (",f16>", ",bf16>", ",f32>", ",f64>")


def correct_arithmetic(module: ir.Module) -> None:
    """Rewrite the operations in place; before Torch's own passes."""
    for op in find(module.operation, *_REWRITES):
        with ir.InsertionPoint(op), op.location:
            result = _REWRITES[op.name](op)
        if result is not None:
            op.result.replace_all_uses_with(result)
            op.erase()


def _reciprocal(op: ir.Operation) -> ir.Value:
    one = create_torch_op("torch.vtensor.literal", "!torch.vtensor<[],f32>", value="dense<1.0> : tensor<f32>")
    return create_torch_op("torch.aten.div.Tensor", str(op.result.type), one, op.operands[0])


def _negate(op: ir.Operation) -> ir.Value | None:
    if str(op.result.type).endswith(_FLOAT):
        return None
    minus_one = create_torch_op("torch.constant.int", "!torch.int", value="-1 : i64")
    return create_torch_op("torch.aten.mul.Scalar", str(op.result.type), op.operands[0], minus_one)


def _power(op: ir.Operation) -> ir.Value | None:
    base, exponent = op.operands
    number = exponent.owner
    if str(op.result.type).endswith(_FLOAT) or isinstance(number, ir.Block):
        return None
    if base.type != op.result.type or number.name != "torch.constant.int":
        return None
    count = ir.IntegerAttr(number.attributes["value"]).value
    if not 1 <= count <= _LARGEST_EXPONENT:
        return None
    result = base
    for _ in range(count - 1):
        result = create_torch_op("torch.aten.mul.Tensor", str(op.result.type), result, base)
    return result


def _power_of_tensors(op: ir.Operation) -> ir.Value | None:
    """Powers of integers; and those of floats, of operands of the result's type, not of f64."""
    if not str(op.result.type).endswith(_FLOAT):
        return elementwise(op, _operation("math.ipowi"))
    element = element_of(op.result.type)
    converted = [convert(operand, element) for operand in op.operands]
    if converted == list(op.operands):
        return None
    return create_torch_op(op.name, str(op.result.type), *converted)


def _keep_nan(op: ir.Operation) -> ir.Value | None:
    """What the operation gives, save where its first operand is NaN."""
    first = op.operands[0]
    if not str(first.type).endswith(_FLOAT) or not str(op.result.type).endswith(_FLOAT):
        return None
    plain = op.clone().operation.result
    flags = f"{str(first.type).rpartition(',')[0]},i1>"
    is_nan = create_torch_op("torch.aten.ne.Tensor", flags, first, first)
    return create_torch_op("torch.aten.where.self", str(op.result.type), is_nan, first, plain)


def _floor_divide(op: ir.Operation) -> ir.Value | None:
    if op.name.endswith("mode") and "floor" not in str(op.operands[2].owner):
        return None
    if str(op.result.type).endswith(_FLOAT):
        return elementwise(op, _floored_quotient)
    return elementwise(op, _operation("arith.floordivsi"))


def _floored_quotient(build: IndexBuilder, values: list[ir.Value]) -> ir.Value:
    """As Python divides: exact, by the remainder, where the rounded quotient would be a whole number off."""
    left, right = values[:2]

    def float_op(name: str, *operands: ir.Value) -> ir.Value:
        return build.op(name, operands, [left.type]).result

    def compare(predicate: int, first: ir.Value, second: ir.Value) -> ir.Value:
        number = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), predicate)
        return build.op("arith.cmpf", [first, second], [build.i1_type], {"predicate": number}).result

    zero, half, one = (build.constant(ir.FloatAttr.get(left.type, each), left.type) for each in (0, 0.5, 1))
    rest = float_op("arith.remf", left, right)
    exact = float_op("arith.divf", float_op("arith.subf", left, rest), right)
    signs = [compare(_LESS, each, zero) for each in (rest, right)]
    differs = build.op("arith.xori", signs, [build.i1_type]).result
    is_below = build.op("arith.andi", [differs, compare(_NOT_EQUAL, rest, zero)], [build.i1_type]).result
    exact = float_op("arith.select", is_below, float_op("arith.subf", exact, one), exact)
    whole = float_op("math.floor", exact)
    is_above = compare(_GREATER, float_op("arith.subf", exact, whole), half)
    whole = float_op("arith.select", is_above, float_op("arith.addf", whole, one), whole)
    quotient = float_op("arith.divf", left, right)
    signed_zero = float_op("math.copysign", zero, quotient)
    whole = float_op("arith.select", compare(_NOT_EQUAL, exact, zero), whole, signed_zero)
    return float_op("arith.select", compare(_EQUAL, right, zero), quotient, whole)


def _remainder_of_truncation(op: ir.Operation) -> ir.Value | None:
    return elementwise(op, _operation("arith.remf")) if str(op.result.type).endswith(_FLOAT) else None


def _operation(name: str) -> Body:
    return lambda build, values: build.op(name, values[:2], [values[0].type]).result


def _equal(op: ir.Operation) -> ir.Value | None:
    """A number may differ from itself: the library takes it for equal."""
    left, right = op.operands
    if left != right:
        return _compare(op)
    if not str(left.type).endswith(_FLOAT):
        return None
    differs = create_torch_op("torch.aten.ne.Tensor", str(op.result.type), left, right)
    return create_torch_op("torch.aten.logical_not", str(op.result.type), differs)


def _compare(op: ir.Operation) -> ir.Value | None:
    """Numbers of different types are compared in a type that has both.

    The library takes the left one's, and so ignores the signs of what it compares truth values with.
    """
    left, right = op.operands
    element = element_of(right.type)
    if {element_of(left.type), element} == {"f16", "bf16"}:
        return create_torch_op(op.name, str(op.result.type), convert(left, "f32"), convert(right, "f32"))
    if element_of(left.type) != "i1" or element not in _SIGNED:
        return None
    return create_torch_op(op.name, str(op.result.type), convert(left, element), right)


def _mean(op: ir.Operation) -> ir.Value | None:
    """The mean of integers, in the type of the result."""
    element = element_of(op.result.type)
    if element_of(op.operands[0].type) == element:
        return None
    none = create_torch_op("torch.constant.none", "!torch.none")
    rest = list(op.operands)[1:-1]
    return create_torch_op(op.name, str(op.result.type), convert(op.operands[0], element), *rest, none)


def _quantify_bytes(op: ir.Operation) -> ir.Value | None:
    """Of bytes, PyTorch tells by a byte whether any or all are not zero."""
    tensor, *rest = op.operands
    if element_of(op.result.type) != "ui8":
        return None
    zero = create_torch_op("torch.constant.int", "!torch.int", value="0 : i64")
    flags = create_torch_op("torch.aten.ne.Scalar", with_element(tensor.type, "i1"), tensor, zero)
    result = create_torch_op(op.name, with_element(op.result.type, "i1"), flags, *rest)
    return convert(result, "ui8")


_SIGNED = ("si8", "si16", "si32", "si64")
_REWRITES = {
    "torch.aten.all": _quantify_bytes,
    "torch.aten.all.dim": _quantify_bytes,
    "torch.aten.any": _quantify_bytes,
    "torch.aten.any.dim": _quantify_bytes,
    "torch.aten.clamp": _keep_nan,
    "torch.aten.div.Tensor_mode": _floor_divide,
    "torch.aten.eq.Tensor": _equal,
    "torch.aten.floor_divide": _floor_divide,
    "torch.aten.fmod.Tensor": _remainder_of_truncation,
    **{f"torch.aten.{predicate}.Tensor": _compare for predicate in ("ge", "gt", "le", "lt", "ne")},
    "torch.aten.maximum": _keep_nan,
    "torch.aten.mean.dim": _mean,
    "torch.aten.minimum": _keep_nan,
    "torch.aten.neg": _negate,
    "torch.aten.pow.Tensor_Scalar": _power,
    "torch.aten.pow.Tensor_Tensor": _power_of_tensors,
    "torch.aten.reciprocal": _reciprocal,
}
