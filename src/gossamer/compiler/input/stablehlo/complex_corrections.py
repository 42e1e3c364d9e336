"""Roots and powers of complex numbers where the library's expansions are wrong: at signed zeros, and at zero.

A root has the sign of the number's imaginary part, also of -0; zero to a power with a positive real part
is zero.
"""

from __future__ import annotations

from gossamer.compiler.input.stablehlo.builder import compare, stablehlo
from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find


def correct_complex(module: ir.Module) -> None:
    """Append the corrections to each root and power."""
    for op in find(module.operation, "stablehlo.power", "stablehlo.sqrt"):
        type = ir.RankedTensorType(op.result.type)
        if not isinstance(type.element_type, ir.ComplexType):
            continue
        with ir.InsertionPoint(op), op.location:
            plain = op.clone().operation.result
            correct = _correct_root if op.name == "stablehlo.sqrt" else _correct_power
            op.result.replace_all_uses_with(correct(plain, *op.operands))
        op.erase()


def _correct_root(root: ir.Value, number: ir.Value) -> ir.Value:
    bits = ir.IntegerType.get_signless(ir.FloatType(_part_type(number).element_type).width)
    sign = stablehlo("bitcast_convert", [_part("imag", number)], _with_element(number, bits))
    size = stablehlo("abs", [_part("imag", root)], _part_type(root))
    negative = stablehlo("negate", [size], size.type)
    imaginary = stablehlo("select", [compare("LT", sign, _zero(sign)), negative, size], size.type)
    return stablehlo("complex", [_part("real", root), imaginary], root.type)


def _correct_power(power: ir.Value, base: ir.Value, exponent: ir.Value) -> ir.Value:
    length = stablehlo("abs", [base], _part_type(base))
    is_zero = compare("EQ", length, _zero(length))
    real = _part("real", exponent)
    is_positive = compare("GT", real, _zero(real))
    known = stablehlo("and", [is_zero, is_positive], is_zero.type)
    return stablehlo("select", [known, base, power], power.type)


def _part(name: str, number: ir.Value) -> ir.Value:
    return stablehlo(name, [number], _part_type(number))


def _part_type(number: ir.Value) -> ir.RankedTensorType:
    return _with_element(number, ir.ComplexType(ir.ShapedType(number.type).element_type).element_type)


def _with_element(tensor: ir.Value, element: ir.Type) -> ir.RankedTensorType:
    return ir.RankedTensorType.get(ir.RankedTensorType(tensor.type).shape, element)


def _zero(tensor: ir.Value) -> ir.Value:
    """A tensor of zeros in the shape of another, which may be dynamic."""
    type = ir.RankedTensorType(tensor.type)
    if isinstance(type.element_type, ir.IntegerType):
        return stablehlo("xor", [tensor, tensor], type)
    scalar = ir.RankedTensorType.get([], type.element_type)
    zero = stablehlo("constant", [], scalar, {"value": ir.Attribute.parse(f"dense<0.0> : {scalar}")})
    return stablehlo("clamp", [zero, tensor, zero], type)
