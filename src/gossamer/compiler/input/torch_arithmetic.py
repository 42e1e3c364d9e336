"""Torch's arithmetic that the library's lowering gets wrong or leaves, in terms of what it keeps.

NaN wins in maxima, minima and limits, and differs from itself. The reciprocal of zero is infinity, where the
lowering asserts that there is no zero. Integers are negated, and divided to whole numbers, through floats,
which do not hold all of them. Remainders of floats are exact. Integer powers have no lowering.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import Body, append_empty, append_generic
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
    one = _create("torch.vtensor.literal", "!torch.vtensor<[],f32>", value="dense<1.0> : tensor<f32>")
    return _create("torch.aten.div.Tensor", str(op.result.type), one, op.operands[0])


def _negate(op: ir.Operation) -> ir.Value | None:
    if str(op.result.type).endswith(_FLOAT):
        return None
    minus_one = _create("torch.constant.int", "!torch.int", value="-1 : i64")
    return _create("torch.aten.mul.Scalar", str(op.result.type), op.operands[0], minus_one)


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
        result = _create("torch.aten.mul.Tensor", str(op.result.type), result, base)
    return result


def _keep_nan(op: ir.Operation) -> ir.Value | None:
    """What the operation gives, save where its first operand is NaN."""
    first = op.operands[0]
    if not str(first.type).endswith(_FLOAT) or not str(op.result.type).endswith(_FLOAT):
        return None
    plain = op.clone().operation.result
    flags = f"{str(first.type).rpartition(',')[0]},i1>"
    is_nan = _create("torch.aten.ne.Tensor", flags, first, first)
    return _create("torch.aten.where.self", str(op.result.type), is_nan, first, plain)


def _floor_divide(op: ir.Operation) -> ir.Value | None:
    if op.name.endswith("mode") and "floor" not in str(op.operands[2].owner):
        return None
    if str(op.result.type).endswith(_FLOAT):
        return _elementwise(op, _floored_quotient)
    return _elementwise(op, _operation("arith.floordivsi"))


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
    return _elementwise(op, _operation("arith.remf")) if str(op.result.type).endswith(_FLOAT) else None


def _operation(name: str) -> Body:
    return lambda build, values: build.op(name, values[:2], [values[0].type]).result


def _equal(op: ir.Operation) -> ir.Value | None:
    """A number may differ from itself: the library takes it for equal."""
    left, right = op.operands
    if left != right or not str(left.type).endswith(_FLOAT):
        return None
    differs = _create("torch.aten.ne.Tensor", str(op.result.type), left, right)
    return _create("torch.aten.logical_not", str(op.result.type), differs)


def _elementwise(op: ir.Operation, body: Body) -> ir.Value | None:
    """One operation on scalars for tensors of one shape; others are left to the library."""
    type = str(op.result.type)
    sizes, _, element = type.removeprefix("!torch.vtensor<[").rpartition("],")
    element = element.removesuffix(">")
    if "?" in sizes or element not in _CODES:
        return None
    if any(f"[{sizes}]," not in str(operand.type) for operand in list(op.operands)[:2]):
        return None
    scalar = ir.Type.parse(element.replace("si", "i"))
    tensor = ir.RankedTensorType.get([int(size) for size in sizes.split(",") if size], scalar)
    inputs: list[ir.Value] = []
    for operand in list(op.operands)[:2]:
        code = _create("torch.constant.int", "!torch.int", value=f"{_CODES[element]} : i64")
        same = operand.type == op.result.type
        converted = operand if same else _create("torch.prims.convert_element_type", type, operand, code)
        inputs.append(_create("torch_c.to_builtin_tensor", str(tensor), converted))
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    loops = ir.AffineMap.get_identity(tensor.rank)
    init = append_empty(build, list(tensor.shape), scalar)
    computed = append_generic(build, inputs, init, [loops] * 3, body)
    return _create("torch_c.from_builtin_tensor", type, computed)


_CODES = {"si8": 1, "si16": 2, "si32": 3, "si64": 4, "f16": 5, "f32": 6, "f64": 7, "bf16": 15}
"""PyTorch's numbers of types."""
_REWRITES = {
    "torch.aten.clamp": _keep_nan,
    "torch.aten.div.Tensor_mode": _floor_divide,
    "torch.aten.eq.Tensor": _equal,
    "torch.aten.floor_divide": _floor_divide,
    "torch.aten.fmod.Tensor": _remainder_of_truncation,
    "torch.aten.maximum": _keep_nan,
    "torch.aten.minimum": _keep_nan,
    "torch.aten.neg": _negate,
    "torch.aten.pow.Tensor_Scalar": _power,
    "torch.aten.reciprocal": _reciprocal,
}


def _create(name: str, type: str, *operands: ir.Value, **attributes: str) -> ir.Value:
    parsed = {key: ir.Attribute.parse(text) for key, text in attributes.items()}
    return ir.Operation.create(name, [ir.Type.parse(type)], list(operands), parsed).result
