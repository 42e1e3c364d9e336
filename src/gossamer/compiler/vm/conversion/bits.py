"""Lowerings of operations that count bits."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.conversion.integers import register_constant
from gossamer.compiler.vm.conversion.scope import Lowered, Scope


def count_leading(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    """Zeros above the highest set bit; the width where none is set."""
    builder, scalar, (value,) = scope.builder, scope.result(op), scope.operands(op)
    count = builder.op(f"ctlz.{scalar.suffix}", value)
    if scalar.is_narrow:
        above = register_constant(builder, scalar, scalar.register_width - scalar.width)
        count = builder.op(f"sub.{scalar.suffix}", count, above)
    return [count]


def count_trailing(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    """Zeros below the lowest set bit; the width where none is set."""
    builder, scalar, (value,) = scope.builder, scope.result(op), scope.operands(op)
    suffix = scalar.suffix
    if scalar.is_narrow:
        value = builder.op(f"or.{suffix}", value, register_constant(builder, scalar, 1 << scalar.width))
    below = builder.op(f"sub.{suffix}", value, register_constant(builder, scalar, 1))
    trailing_mask = builder.op(f"and.{suffix}", below, builder.op(f"not.{suffix}", value))
    leading = builder.op(f"ctlz.{suffix}", trailing_mask)
    return [builder.op(f"sub.{suffix}", register_constant(builder, scalar, scalar.register_width), leading)]


def count_ones(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    """Set bits: sums in fields of 2, 4, then 8 bits, added up by a multiplication."""
    builder, scalar, (value,) = scope.builder, scope.result(op), scope.operands(op)
    suffix = scalar.suffix

    def number(byte: int) -> int:
        return int.from_bytes(bytes([byte]) * (scalar.register_width // 8), "little")

    def op_with(name: str, operand: ir.Value, pattern: int) -> ir.Value:
        return builder.op(f"{name}.{suffix}", operand, register_constant(builder, scalar, number(pattern)))

    def shifted(operand: ir.Value, amount: int) -> ir.Value:
        return builder.op(f"shr.{suffix}.u", operand, builder.i32(amount))

    pairs = builder.op(f"sub.{suffix}", value, op_with("and", shifted(value, 1), 0x55))
    low, high = op_with("and", pairs, 0x33), op_with("and", shifted(pairs, 2), 0x33)
    nibbles = builder.op(f"add.{suffix}", low, high)
    sums = builder.op(f"add.{suffix}", nibbles, shifted(nibbles, 4))
    total = op_with("mul", op_with("and", sums, 0x0F), 0x01)
    return [shifted(total, scalar.register_width - 8)]
