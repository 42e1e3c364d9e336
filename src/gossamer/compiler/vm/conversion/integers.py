"""Integer operations of any width up to 64 in registers, under the zero-extended invariant."""

from __future__ import annotations

from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion.types import Scalar

_TRUNCATIONS = {8: "trunc.i32.i8", 16: "trunc.i32.i16"}
_SIGN_EXTENSIONS = {8: "ext.i8.i32.s", 16: "ext.i16.i32.s"}


def constant(builder: Builder, scalar: Scalar, number: int) -> ir.Value:
    """An integer constant of the scalar's width, or of its bits where it is a small float."""
    masked = number & ((1 << scalar.width) - 1)
    return register_constant(builder, scalar, masked)


def register_constant(builder: Builder, scalar: Scalar, number: int) -> ir.Value:
    """A constant that fills the scalar's register, sign and all."""
    return builder.i32(number) if scalar.register == ir.I32 else builder.i64(number)


def wrap(builder: Builder, scalar: Scalar, value: ir.Value) -> ir.Value:
    """Clear the bits of the register above the scalar's width."""
    if not scalar.is_narrow or scalar.is_native_float:
        return value
    if scalar.width in _TRUNCATIONS:
        return builder.op(_TRUNCATIONS[scalar.width], value)
    mask = register_constant(builder, scalar, (1 << scalar.width) - 1)
    return builder.op(f"and.{scalar.suffix}", value, mask)


def sign_extend(builder: Builder, scalar: Scalar, value: ir.Value) -> ir.Value:
    """Fill the bits of the register above the scalar's width with its sign."""
    if not scalar.is_narrow:
        return value
    if scalar.width in _SIGN_EXTENSIONS:
        return builder.op(_SIGN_EXTENSIONS[scalar.width], value)
    amount = builder.i32(scalar.register_width - scalar.width)
    shifted = builder.op(f"shl.{scalar.suffix}", value, amount)
    return builder.op(f"shr.{scalar.suffix}.s", shifted, amount)


def resize(builder: Builder, value: ir.Value, register: ir.Type) -> ir.Value:
    """Move a zero-extended value to an i32 or i64 register, dropping high bits where it shrinks."""
    if value.type == register:
        return value
    return builder.op("ext.i32.i64.u" if register == ir.I64 else "trunc.i64.i32", value)


def shift_amount(builder: Builder, value: ir.Value) -> ir.Value:
    """A shift amount as the VM takes it, in an i32 register."""
    return resize(builder, value, ir.I32)


def logical_not(builder: Builder, condition: ir.Value) -> ir.Value:
    """The other truth value of a condition that is 0 or 1."""
    return builder.op("xor.i32", condition, builder.i32(1))


def is_zero(builder: Builder, scalar: Scalar, value: ir.Value) -> ir.Value:
    """1 where the register is zero, else 0."""
    return builder.op(f"cmp.eq.{scalar.suffix}", value, register_constant(builder, scalar, 0))


def select(builder: Builder, condition: ir.Value, if_true: ir.Value, if_false: ir.Value) -> ir.Value:
    """One of two values of the same register type; the condition is true where not zero."""
    type = if_true.type
    if type.kind is ir.ValueType.REF:
        return builder.op("select.ref", condition, if_true, if_false, type=type.ref_type)
    return builder.op(f"select.{type}", condition, if_true, if_false)
