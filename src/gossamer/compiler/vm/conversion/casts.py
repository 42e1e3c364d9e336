"""Lowerings of conversions between scalar types."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion import attributes, small_floats
from gossamer.compiler.vm.conversion.floats import truncate
from gossamer.compiler.vm.conversion.integers import resize, sign_extend, wrap
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, Scope, unsupported
from gossamer.compiler.vm.conversion.types import F32, F64, Scalar

# Integers of this many bits are exact as f32, so rounding them on to a small float rounds once.
_F32_EXACT_BITS = 24


def _extend_signed(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    return [resize_signed(scope.builder, scope.operands(op)[0], scope.operand(op), scope.result(op))]


def _resize_unsigned(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source, target = scope.operand(op), scope.result(op)
    value = resize(scope.builder, scope.operands(op)[0], target.register)
    return [wrap(scope.builder, target, value) if target.width < source.width else value]


def resize_signed(builder: Builder, value: ir.Value, source: Scalar, target: Scalar) -> ir.Value:
    """Convert between integer types, keeping the sign; drops high bits where the target is smaller."""
    if target.width <= source.width:
        return wrap(builder, target, resize(builder, value, target.register))
    value = sign_extend(builder, source, value)
    if value.type != target.register:
        value = builder.op("ext.i32.i64.s", value)
    return wrap(builder, target, value)


def _float_to_integer(is_signed: bool) -> Lowering:
    def lower(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
        source, target = scope.operand(op), scope.result(op)
        builder, value = scope.builder, scope.operands(op)[0]
        if not source.is_native_float:
            source, value = F32, small_floats.widen(builder, source, value)
        # Why: the VM's casts round to nearest, half away from zero; what is integral already stays.
        value = truncate(builder, source.name, value)
        return [wrap(builder, target, _integral_to_integer(builder, value, source, target, is_signed))]

    return lower


def _integral_to_integer(
    builder: Builder, value: ir.Value, source: Scalar, target: Scalar, is_signed: bool
) -> ir.Value:
    sign = "s" if is_signed else "u"
    if target.register == ir.I64:
        return builder.op(f"cast.{source.name}.{sign}i64", value)
    if source == F64:
        # Why: the VM's casts of f64 to 32 bits go through f32.
        return builder.op("trunc.i64.i32", builder.op("cast.f64.si64", value))
    return builder.op(f"cast.f32.{sign}i32", value)


def _integer_to_float(is_signed: bool) -> Lowering:
    def lower(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
        source, target = scope.operand(op), scope.result(op)
        builder, value = scope.builder, scope.operands(op)[0]
        if is_signed:
            value = sign_extend(builder, source, value)
        native = target
        if not target.is_native_float:
            native = F32 if source.width <= _F32_EXACT_BITS else F64
        sign = "s" if is_signed else "u"
        converted = builder.op(f"cast.{sign}{source.suffix}.{native.name}", value)
        return [converted if native == target else small_floats.narrow(builder, target, converted)]

    return lower


def _convert_float(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    if "roundingmode" in op.attributes and attributes.integer(op, "roundingmode") != 0:
        raise unsupported(op, f"'{op.name}' has a VM lowering for rounding to nearest even only")
    source, target = scope.operand(op), scope.result(op)
    return [resize_float(scope.builder, scope.operands(op)[0], source, target)]


def resize_float(builder: Builder, value: ir.Value, source: Scalar, target: Scalar) -> ir.Value:
    """Convert between float types, rounding to nearest even."""
    if source == target:
        return value
    if not source.is_native_float:
        source, value = F32, small_floats.widen(builder, source, value)
    if not target.is_native_float:
        return small_floats.narrow(builder, target, value)
    if source == target:
        return value
    return builder.op("ext.f32.f64" if target == F64 else "trunc.f64.f32", value)


def _bitcast(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    source, target = scope.operand(op), scope.result(op)
    (value,) = scope.operands(op)
    if source.register == target.register:
        return [value]
    return [scope.builder.op(f"bitcast.{source.suffix}.{target.suffix}", value)]


def _unrealized_cast(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    lowered = [scope.values[operand] for operand in op.operands]
    if len(lowered) == len(op.results) == 1:
        source, target = scope.operand(op), scope.result(op)
        if source.register == target.register and source.width == target.width:
            return lowered
    raise unsupported(
        op, "a cast between types of the program is left over", "run reconcile-unrealized-casts"
    )


LOWERINGS: dict[str, Lowering] = {
    "arith.extui": _resize_unsigned,
    "arith.extsi": _extend_signed,
    "arith.trunci": _resize_unsigned,
    "arith.index_cast": _extend_signed,
    "arith.index_castui": _resize_unsigned,
    "index.casts": _extend_signed,
    "index.castu": _resize_unsigned,
    "arith.extf": _convert_float,
    "arith.truncf": _convert_float,
    "arith.convertf": _convert_float,
    "arith.fptosi": _float_to_integer(is_signed=True),
    "arith.fptoui": _float_to_integer(is_signed=False),
    "arith.sitofp": _integer_to_float(is_signed=True),
    "arith.uitofp": _integer_to_float(is_signed=False),
    "arith.bitcast": _bitcast,
    "builtin.unrealized_conversion_cast": _unrealized_cast,
}
