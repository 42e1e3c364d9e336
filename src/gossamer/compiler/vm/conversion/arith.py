"""Lowerings of integer arithmetic: `arith` and `index`.

Division by zero and overflow of signed division are undefined in `arith` and stay so; shift amounts past the
width give some value, never a failure.
"""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler import mlir
from gossamer.compiler.vm import ir
from gossamer.compiler.vm.builder import Builder
from gossamer.compiler.vm.conversion import attributes
from gossamer.compiler.vm.conversion.integers import (
    logical_not,
    register_constant,
    resize,
    select,
    shift_amount,
    sign_extend,
    wrap,
)
from gossamer.compiler.vm.conversion.scope import Lowered, Lowering, MemRef, Scope, unsupported
from gossamer.compiler.vm.conversion.types import INDEX, Scalar

# Opcode name around the register suffix, whether operands are signed, whether the result can leave the width.
_BINARY: dict[str, tuple[str, bool, bool]] = {
    "addi": ("add.{}", False, True),
    "subi": ("sub.{}", False, True),
    "muli": ("mul.{}", False, True),
    "divui": ("div.{}.u", False, False),
    "divsi": ("div.{}.s", True, True),
    "remui": ("rem.{}.u", False, False),
    "remsi": ("rem.{}.s", True, True),
    "andi": ("and.{}", False, False),
    "ori": ("or.{}", False, False),
    "xori": ("xor.{}", False, False),
    "minui": ("min.{}.u", False, False),
    "maxui": ("max.{}.u", False, False),
    "minsi": ("min.{}.s", True, True),
    "maxsi": ("max.{}.s", True, True),
}
_SHIFTS: dict[str, tuple[str, bool, bool]] = {
    "shli": ("shl.{}", False, True),
    "shrui": ("shr.{}.u", False, False),
    "shrsi": ("shr.{}.s", True, True),
}
# Name after the predicate's number in MLIR: opcode, signed operands, swapped operands, negated result.
_PREDICATES: tuple[tuple[str, bool, bool, bool], ...] = (
    ("cmp.eq.{}", False, False, False),
    ("cmp.ne.{}", False, False, False),
    ("cmp.lt.{}.s", True, False, False),
    ("cmp.lt.{}.s", True, True, True),
    ("cmp.lt.{}.s", True, True, False),
    ("cmp.lt.{}.s", True, False, True),
    ("cmp.lt.{}.u", False, False, False),
    ("cmp.lt.{}.u", False, True, True),
    ("cmp.lt.{}.u", False, True, False),
    ("cmp.lt.{}.u", False, False, True),
)
_PREDICATE_NAMES = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")


def _binary(name: str) -> Lowering:
    template, is_signed, needs_wrap = _BINARY[name]

    def lower(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
        scalar = scope.result(op)
        operands = scope.operands(op)
        if is_signed:
            operands = [sign_extend(scope.builder, scalar, operand) for operand in operands]
        value = scope.builder.op(template.format(scalar.suffix), *operands)
        return [wrap(scope.builder, scalar, value) if needs_wrap else value]

    return lower


def _shift(name: str) -> Lowering:
    template, is_signed, needs_wrap = _SHIFTS[name]

    def lower(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
        scalar = scope.result(op)
        value, amount = scope.operands(op)
        if is_signed:
            value = sign_extend(scope.builder, scalar, value)
        amount = shift_amount(scope.builder, amount)
        shifted = scope.builder.op(template.format(scalar.suffix), value, amount)
        return [wrap(scope.builder, scalar, shifted) if needs_wrap else shifted]

    return lower


def _compare(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    predicate = attributes.integer(op, "predicate")
    return [compare(scope.builder, scope.operand(op), predicate, *scope.operands(op))]


def compare(builder: Builder, scalar: Scalar, predicate: int, lhs: ir.Value, rhs: ir.Value) -> ir.Value:
    """Compare integers by the number of an `arith.cmpi` predicate."""
    template, is_signed, is_swapped, is_negated = _PREDICATES[predicate]
    if is_signed:
        lhs, rhs = sign_extend(builder, scalar, lhs), sign_extend(builder, scalar, rhs)
    if is_swapped:
        lhs, rhs = rhs, lhs
    result = builder.op(template.format(scalar.suffix), lhs, rhs)
    return logical_not(builder, result) if is_negated else result


def _compare_index(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    predicate = str(op.attributes["pred"]).removesuffix(">").split()[-1]
    return [compare(scope.builder, INDEX, _PREDICATE_NAMES.index(predicate), *scope.operands(op))]


def _select(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    condition = scope.value(op.operands[0])
    if_true, if_false = (scope.values[operand] for operand in list(op.operands)[1:])
    if isinstance(if_true, ir.Value) and isinstance(if_false, ir.Value):
        return [select(scope.builder, condition, if_true, if_false)]
    return [_select_memref(scope, condition, scope.memref(op.operands[1]), scope.memref(op.operands[2]))]


def _select_memref(scope: Scope, condition: ir.Value, if_true: MemRef, if_false: MemRef) -> MemRef:
    def part(one: ir.Value | None, other: ir.Value | None) -> ir.Value:
        one, other = one or scope.builder.i64(0), other or scope.builder.i64(0)
        return select(scope.builder, condition, one, other)

    buffer = select(scope.builder, condition, if_true.buffer, if_false.buffer)
    has_sizes = if_true.size is not None and if_false.size is not None
    size = part(if_true.size, if_false.size) if has_sizes else None
    return MemRef(buffer, part(if_true.offset, if_false.offset), size)


def _subtract_extended(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    builder, scalar = scope.builder, scope.result(op)
    lhs, rhs = scope.operands(op)
    difference = wrap(builder, scalar, builder.op(f"sub.{scalar.suffix}", lhs, rhs))
    return [difference, builder.op(f"cmp.lt.{scalar.suffix}.u", lhs, rhs)]


def _floor_or_ceil_divide(is_ceil: bool) -> Lowering:
    """Signed division rounding down or up: truncate, then step where the remainder says so."""

    def lower(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
        builder, scalar = scope.builder, scope.result(op)
        lhs, rhs = (sign_extend(builder, scalar, operand) for operand in scope.operands(op))
        suffix = scalar.suffix
        quotient = builder.op(f"div.{suffix}.s", lhs, rhs)
        remainder = builder.op(f"sub.{suffix}", lhs, builder.op(f"mul.{suffix}", quotient, rhs))
        zero = register_constant(builder, scalar, 0)
        signs = builder.op(f"xor.{suffix}", remainder, rhs)
        # Why: a remainder has the sign of the dividend, so it differs from the divisor's where the true
        # quotient is negative.
        is_negative = builder.op(f"cmp.lt.{suffix}.s", signs, zero)
        is_inexact = builder.op(f"cmp.nz.{suffix}", remainder)
        steps = logical_not(builder, is_negative) if is_ceil else is_negative
        step = resize(builder, builder.op("and.i32", steps, is_inexact), scalar.register)
        result = builder.op(f"add.{suffix}" if is_ceil else f"sub.{suffix}", quotient, step)
        return [wrap(builder, scalar, result)]

    return lower


def _ceil_divide_unsigned(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    builder, scalar = scope.builder, scope.result(op)
    lhs, rhs = scope.operands(op)
    suffix = scalar.suffix
    quotient = builder.op(f"div.{suffix}.u", lhs, rhs)
    remainder = builder.op(f"sub.{suffix}", lhs, builder.op(f"mul.{suffix}", quotient, rhs))
    step = resize(builder, builder.op(f"cmp.nz.{suffix}", remainder), scalar.register)
    return [builder.op(f"add.{suffix}", quotient, step)]


def _add_extended(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
    builder, scalar = scope.builder, scope.result(op)
    lhs, rhs = scope.operands(op)
    total = wrap(builder, scalar, builder.op(f"add.{scalar.suffix}", lhs, rhs))
    return [total, builder.op(f"cmp.lt.{scalar.suffix}.u", total, lhs)]


def _multiply_extended(is_signed: bool) -> Lowering:
    def lower(scope: Scope, op: mlir.ir.Operation) -> Sequence[Lowered]:
        builder, scalar = scope.builder, scope.result(op)
        lhs, rhs = scope.operands(op)
        if scalar.width > 32:
            if scalar.width != 64:
                raise unsupported(op, f"'{op.name}' on i{scalar.width} has no VM lowering", "widen to i64")
            low = builder.op("mul.i64", lhs, rhs)
            return [low, multiply_high(builder, lhs, rhs, is_signed)]
        if is_signed:
            lhs, rhs = sign_extend(builder, scalar, lhs), sign_extend(builder, scalar, rhs)
        extend = "ext.i32.i64.s" if is_signed else "ext.i32.i64.u"
        wide = builder.op("mul.i64", builder.op(extend, lhs), builder.op(extend, rhs))
        high = builder.op("shr.i64.u", wide, builder.i32(scalar.width))
        narrow = [resize(builder, part, ir.I32) for part in (wide, high)]
        return [wrap(builder, scalar, part) for part in narrow]

    return lower


def multiply_high(builder: Builder, lhs: ir.Value, rhs: ir.Value, is_signed: bool) -> ir.Value:
    """The high 64 bits of a product of i64 values, by 32-bit halves."""
    half, mask = builder.i32(32), builder.i64(0xFFFFFFFF)
    lhs_low, rhs_low = builder.op("and.i64", lhs, mask), builder.op("and.i64", rhs, mask)
    lhs_high, rhs_high = builder.op("shr.i64.u", lhs, half), builder.op("shr.i64.u", rhs, half)
    carry = builder.op("shr.i64.u", builder.op("mul.i64", lhs_low, rhs_low), half)
    middle = builder.op("add.i64", builder.op("mul.i64", lhs_high, rhs_low), carry)
    other = builder.op("mul.i64", lhs_low, rhs_high)
    other = builder.op("add.i64", other, builder.op("and.i64", middle, mask))
    high = builder.op("mul.i64", lhs_high, rhs_high)
    high = builder.op("add.i64", high, builder.op("shr.i64.u", middle, half))
    high = builder.op("add.i64", high, builder.op("shr.i64.u", other, half))
    if not is_signed:
        return high
    # Why: a negative factor counts 2^64 too much as unsigned, which adds the other factor to the high half.
    sign = builder.i32(63)
    for negative, factor in ((lhs, rhs), (rhs, lhs)):
        excess = builder.op("and.i64", builder.op("shr.i64.s", negative, sign), factor)
        high = builder.op("sub.i64", high, excess)
    return high


LOWERINGS: dict[str, Lowering] = {
    **{f"arith.{name}": _binary(name) for name in _BINARY},
    **{f"arith.{name}": _shift(name) for name in _SHIFTS},
    "arith.cmpi": _compare,
    "arith.select": _select,
    "arith.ceildivui": _ceil_divide_unsigned,
    "arith.ceildivsi": _floor_or_ceil_divide(is_ceil=True),
    "arith.floordivsi": _floor_or_ceil_divide(is_ceil=False),
    "arith.addui_extended": _add_extended,
    "arith.subui_extended": _subtract_extended,
    "arith.mulsi_extended": _multiply_extended(is_signed=True),
    "arith.mului_extended": _multiply_extended(is_signed=False),
    **{
        f"index.{name.removesuffix('i')}": _binary(name)
        for name in ("addi", "subi", "muli", "andi", "ori", "xori")
    },
    **{f"index.{name.removesuffix('i')}": _binary(name) for name in _BINARY if name[-2:] in ("ui", "si")},
    **{f"index.{name.removesuffix('i')}": _shift(name) for name in _SHIFTS},
    "index.ceildivu": _ceil_divide_unsigned,
    "index.ceildivs": _floor_or_ceil_divide(is_ceil=True),
    "index.floordivs": _floor_or_ceil_divide(is_ceil=False),
    "index.cmp": _compare_index,
}
