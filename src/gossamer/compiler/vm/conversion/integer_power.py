"""Lowering of `math.ipowi`: an integer to an integer power, by repeated squaring."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion.integers import register_constant, select, sign_extend, wrap
from gossamer.compiler.vm.conversion.scope import Lowered, Scope
from gossamer.compiler.vm.conversion.types import Scalar

_UNROLLED_EXPONENTS = 64


def integer_power(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    """`base ** exponent`, both signed. A negative exponent truncates 1 / (base ** -exponent) toward zero."""
    builder, scalar = scope.builder, scope.result(op)
    base, exponent = (sign_extend(builder, scalar, operand) for operand in scope.operands(op))
    known = scope.constant(op.operands[1])
    if known is not None and 0 <= known < _UNROLLED_EXPONENTS:
        return [wrap(builder, scalar, _unrolled(builder, scalar, base, int(known)))]
    suffix = scalar.suffix
    is_negative = builder.op(f"cmp.lt.{suffix}.s", exponent, register_constant(builder, scalar, 0))
    positive = _loop(scope, scalar, base, exponent)
    result = select(builder, is_negative, _reciprocal(builder, scalar, base, exponent), positive)
    return [wrap(builder, scalar, result)]


def _unrolled(builder: Builder, scalar: Scalar, base: ir.Value, exponent: int) -> ir.Value:
    result: ir.Value | None = None
    while exponent:
        if exponent & 1:
            result = base if result is None else builder.op(f"mul.{scalar.suffix}", result, base)
        exponent >>= 1
        if exponent:
            base = builder.op(f"mul.{scalar.suffix}", base, base)
    return result or register_constant(builder, scalar, 1)


def _loop(scope: Scope, scalar: Scalar, base: ir.Value, exponent: ir.Value) -> ir.Value:
    builder, suffix = scope.builder, scalar.suffix
    body, done = scope.new_block(), scope.new_block()
    result, factor, left = body.arguments = [ir.Value(scalar.register) for _ in range(3)]
    builder.br(body, register_constant(builder, scalar, 1), base, exponent)
    builder.block = body
    one = register_constant(builder, scalar, 1)
    bit = builder.op(f"cmp.nz.{suffix}", builder.op(f"and.{suffix}", left, one))
    result = select(builder, bit, builder.op(f"mul.{suffix}", result, factor), result)
    factor = builder.op(f"mul.{suffix}", factor, factor)
    left = builder.op(f"shr.{suffix}.u", left, builder.i32(1))
    builder.cond_br(builder.op(f"cmp.nz.{suffix}", left), body, [result, factor, left], done, [])
    builder.block = done
    return result


def _reciprocal(builder: Builder, scalar: Scalar, base: ir.Value, exponent: ir.Value) -> ir.Value:
    """1 for base 1, 1 or -1 for base -1 by the exponent's parity, else 0."""
    suffix = scalar.suffix
    zero, one = register_constant(builder, scalar, 0), register_constant(builder, scalar, 1)
    minus_one = register_constant(builder, scalar, -1)
    is_odd = builder.op(f"cmp.nz.{suffix}", builder.op(f"and.{suffix}", exponent, one))
    alternating = select(builder, is_odd, minus_one, one)
    is_one = builder.op(f"cmp.eq.{suffix}", base, one)
    is_minus_one = builder.op(f"cmp.eq.{suffix}", base, minus_one)
    return select(builder, is_one, one, select(builder, is_minus_one, alternating, zero))
