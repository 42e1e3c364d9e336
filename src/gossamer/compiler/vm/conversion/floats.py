"""Lowerings of floating-point arithmetic: `arith` operations on floats, and constants.

Operands of types the VM lacks are widened to f32 and the result is rounded back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion import attributes, small_floats
from gossamer.compiler.vm.conversion.integers import constant, logical_not, select
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, Scope, unsupported
from gossamer.compiler.vm.conversion.types import F32, Scalar

FloatExpansion: TypeAlias = Callable[..., ir.Value]
"""Takes a builder, "f32" or "f64", and operands of that type; returns a value of that type."""

_UNORDERED_TRUE, _ORDERED = 15, 7


def float_constant(builder: Builder, scalar: Scalar, number: float) -> ir.Value:
    """A constant of a float type, rounded to it."""
    if not scalar.is_native_float:
        return constant(builder, scalar, small_floats.small_float_bits(scalar, number))
    is_positive_zero = number == 0 and math.copysign(1, number) > 0
    if is_positive_zero:
        return builder.op(f"const.{scalar.name}.zero")
    return builder.op(f"const.{scalar.name}", immediate=number)


def native_constant(builder: Builder, suffix: str, number: float) -> ir.Value:
    """A constant of the native float type named by `suffix`."""
    return float_constant(builder, Scalar(suffix, int(suffix[1:]), is_float=True), number)


def on_native(expansion: FloatExpansion) -> Lowering:
    """A lowering that computes in f32 or f64 and brings the result back to the operation's type."""

    def lower(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
        scalar = scope.result(op)
        return [apply_native(scope.builder, scalar, expansion, *scope.operands(op))]

    return lower


def apply_native(
    builder: Builder, scalar: Scalar, expansion: FloatExpansion, *operands: ir.Value
) -> ir.Value:
    """Apply an expansion to values of a float type, small ones through f32."""
    if scalar.is_native_float:
        return expansion(builder, scalar.suffix, *operands)
    widened = [small_floats.widen(builder, scalar, operand) for operand in operands]
    return small_floats.narrow(builder, scalar, expansion(builder, "f32", *widened))


def opcode(name: str) -> FloatExpansion:
    """The expansion that is one opcode; `name` is without the type: "add", "round.{}.even"."""
    template = name if "{}" in name else name + ".{}"

    def expand(builder: Builder, suffix: str, *operands: ir.Value) -> ir.Value:
        return builder.op(template.format(suffix), *operands)

    return expand


def copy_sign(builder: Builder, suffix: str, magnitude: ir.Value, sign: ir.Value) -> ir.Value:
    """`magnitude` with the sign bit of `sign`."""
    width = suffix[1:]
    number = builder.i32 if width == "32" else builder.i64
    sign_bit = number(1 << (int(width) - 1))
    to_bits, from_bits = f"bitcast.f{width}.i{width}", f"bitcast.i{width}.f{width}"
    low = builder.op(f"and.i{width}", builder.op(to_bits, magnitude), builder.op(f"not.i{width}", sign_bit))
    high = builder.op(f"and.i{width}", builder.op(to_bits, sign), sign_bit)
    return builder.op(from_bits, builder.op(f"or.i{width}", low, high))


def remainder(builder: Builder, suffix: str, lhs: ir.Value, rhs: ir.Value) -> ir.Value:
    """The remainder of division truncated toward zero, as C's `fmod`; exact.

    Why: the VM's `rem` rounds the quotient to nearest, so it is the one wanted or that less the divisor.
    """
    divisor = builder.op(f"abs.{suffix}", rhs)
    nearest = builder.op(f"rem.{suffix}", builder.op(f"abs.{suffix}", lhs), divisor)
    is_negative = builder.op(f"cmp.lt.{suffix}.o", nearest, native_constant(builder, suffix, 0.0))
    positive = select(builder, is_negative, builder.op(f"add.{suffix}", nearest, divisor), nearest)
    return copy_sign(builder, suffix, positive, lhs)


def round_half_even(builder: Builder, suffix: str, value: ir.Value) -> ir.Value:
    """Round to nearest, ties to even, keeping the sign: the VM's own makes +0 of -0.5."""
    return copy_sign(builder, suffix, builder.op(f"round.{suffix}.even", value), value)


def truncate(builder: Builder, suffix: str, value: ir.Value) -> ir.Value:
    """Round toward zero."""
    is_negative = builder.op(f"cmp.lt.{suffix}.o", value, native_constant(builder, suffix, 0.0))
    up, down = builder.op(f"ceil.{suffix}", value), builder.op(f"floor.{suffix}", value)
    return select(builder, is_negative, up, down)


def min_max_number(name: str) -> FloatExpansion:
    """minnumf or maxnumf: the other operand where one is NaN. The VM's own drops a NaN on the right only."""

    def expand(builder: Builder, suffix: str, lhs: ir.Value, rhs: ir.Value) -> ir.Value:
        picked = builder.op(f"{name}.{suffix}", lhs, rhs)
        return select(builder, builder.op(f"cmp.nan.{suffix}", lhs), rhs, picked)

    return expand


def _min_max(name: str) -> FloatExpansion:
    """minimumf or maximumf: NaN where either operand is NaN, and -0 is less than +0.

    The VM's own keeps a NaN on the left only, and the left one of two zeros. Equal operands have equal bits
    unless they are zeros, of which the minimum has the sign if either has, the maximum if both have.
    """
    join = {"min": "or", "max": "and"}[name]

    def expand(builder: Builder, suffix: str, lhs: ir.Value, rhs: ir.Value) -> ir.Value:
        integer = f"i{suffix[1:]}"
        bits = [builder.op(f"bitcast.{suffix}.{integer}", operand) for operand in (lhs, rhs)]
        joined = builder.op(f"bitcast.{integer}.{suffix}", builder.op(f"{join}.{integer}", *bits))
        picked = builder.op(f"{name}.{suffix}", lhs, rhs)
        picked = select(builder, builder.op(f"cmp.eq.{suffix}.o", lhs, rhs), joined, picked)
        return select(builder, builder.op(f"cmp.nan.{suffix}", rhs), rhs, picked)

    return expand


def _lower_min_max(name: str) -> Lowering:
    general = on_native(_min_max(name))

    def lower(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
        lhs, rhs = scope.operands(op)
        for operand, value, bound in ((op.operands[0], rhs, lhs), (op.operands[1], lhs, rhs)):
            number = scope.constant(operand)
            if number is not None and not math.isnan(number):
                return [apply_native(scope.builder, scope.result(op), _bounded(name, number), value, bound)]
        return general(scope, op)

    return lower


def _bounded(name: str, number: float) -> FloatExpansion:
    """The minimum or maximum of a value and a constant that is not NaN, right for NaNs and zeros."""

    def expand(builder: Builder, suffix: str, value: ir.Value, bound: ir.Value) -> ir.Value:
        # Why: min(value, +0) takes the value unless 0 < value, so -0 stays; max(value, +0) must not keep -0.
        needs_order = number == 0 and (math.copysign(1, number) > 0) == (name == "max")
        if not needs_order:
            return builder.op(f"{name}.{suffix}", value, bound)
        lhs, rhs = (bound, value) if name == "max" else (value, bound)
        return select(builder, builder.op(f"cmp.lt.{suffix}.u", lhs, rhs), value, bound)

    return expand


# After the predicate's number in MLIR: opcode, swapped operands. "ne.o" of the VM is true on NaN.
_PREDICATES: dict[int, tuple[str, bool]] = {
    1: ("cmp.eq.{}.o", False),
    2: ("cmp.lt.{}.o", True),
    3: ("cmp.lte.{}.o", True),
    4: ("cmp.lt.{}.o", False),
    5: ("cmp.lte.{}.o", False),
    8: ("cmp.eq.{}.u", False),
    9: ("cmp.lt.{}.u", True),
    10: ("cmp.lte.{}.u", True),
    11: ("cmp.lt.{}.u", False),
    12: ("cmp.lte.{}.u", False),
    13: ("cmp.ne.{}.u", False),
}


def compare(builder: Builder, suffix: str, predicate: int, lhs: ir.Value, rhs: ir.Value) -> ir.Value:
    """Compare native floats by the number of an `arith.cmpf` predicate."""
    if predicate in _PREDICATES:
        template, is_swapped = _PREDICATES[predicate]
        operands = (rhs, lhs) if is_swapped else (lhs, rhs)
        return builder.op(template.format(suffix), *operands)
    if predicate in (0, _UNORDERED_TRUE):
        return builder.i32(1 if predicate else 0)
    if predicate == 6:
        is_less = builder.op(f"cmp.lt.{suffix}.o", lhs, rhs)
        return builder.op("or.i32", is_less, builder.op(f"cmp.lt.{suffix}.o", rhs, lhs))
    nans = [builder.op(f"cmp.nan.{suffix}", operand) for operand in (lhs, rhs)]
    is_unordered = builder.op("or.i32", *nans)
    return logical_not(builder, is_unordered) if predicate == _ORDERED else is_unordered


def _compare(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    scalar, operands = scope.operand(op), scope.operands(op)
    if not scalar.is_native_float:
        operands = [small_floats.widen(scope.builder, scalar, operand) for operand in operands]
        scalar = F32
    return [compare(scope.builder, scalar.suffix, attributes.integer(op, "predicate"), *operands)]


def _constant(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    number = attributes.number(op, "value")
    if number is None:
        raise unsupported(op, f"a constant of type {op.results[0].type} has no VM lowering")
    scalar = scope.result(op)
    if scalar.is_float:
        return [float_constant(scope.builder, scalar, float(number))]
    return [constant(scope.builder, scalar, int(number))]


LOWERINGS: dict[str, Lowering] = {
    **{f"arith.{name}f": on_native(opcode(name)) for name in ("add", "sub", "mul", "div", "neg")},
    "arith.remf": on_native(remainder),
    "arith.minimumf": _lower_min_max("min"),
    "arith.maximumf": _lower_min_max("max"),
    "arith.minnumf": on_native(min_max_number("min")),
    "arith.maxnumf": on_native(min_max_number("max")),
    "arith.cmpf": _compare,
    "arith.constant": _constant,
    "index.constant": _constant,
    "index.bool.constant": _constant,
}
