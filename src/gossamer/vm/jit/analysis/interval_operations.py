"""Intervals of the results of integer operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from gossamer.vm.jit.analysis.interval import (
    I32_MAX,
    I32_MIN,
    UNKNOWN,
    Bound,
    Interval,
    add,
    at_most,
    combine,
    constant,
    maximum,
    minimum,
    monotone,
    multiply,
    subtract,
    union,
)


class Requiring(Protocol):
    """Where an interval operation says what it depends on."""

    def require(self, low: Bound, high: Bound) -> bool:
        """Depend on `low <= high`; False where that is known to be wrong."""
        ...


IntervalOperation: TypeAlias = Callable[[Requiring, list[Interval]], Interval]


def _constant(interval: Interval) -> int | None:
    return interval.low if isinstance(interval.low, int) and interval.low == interval.high else None


def _fma(_: Requiring, inputs: list[Interval]) -> Interval:
    return add(multiply(inputs[0], inputs[1]), inputs[2])


def _divide(requiring: Requiring, inputs: list[Interval]) -> Interval:
    divisor = _constant(inputs[1])
    if divisor is None or divisor <= 0 or not inputs[0].is_bounded:
        return UNKNOWN
    return monotone("quotient", inputs[0], divisor)


def _divide_unsigned(requiring: Requiring, inputs: list[Interval]) -> Interval:
    return _divide(requiring, inputs) if _is_not_negative(requiring, inputs[0]) else UNKNOWN


def _remainder(requiring: Requiring, inputs: list[Interval]) -> Interval:
    divisor = _constant(inputs[1])
    if divisor is None or divisor <= 0 or not _is_not_negative(requiring, inputs[0]):
        return UNKNOWN
    return at_most(constant(0, divisor - 1), inputs[0].high)


def _shift_left(_: Requiring, inputs: list[Interval]) -> Interval:
    amount = _constant(inputs[1])
    if amount is None or not 0 <= amount < 32:
        return UNKNOWN
    return multiply(inputs[0], constant(1 << amount, 1 << amount))


def _shift_right(_: Requiring, inputs: list[Interval]) -> Interval:
    amount = _constant(inputs[1])
    return UNKNOWN if amount is None or not 0 <= amount < 32 else monotone("shift", inputs[0], amount)


def _shift_right_unsigned(requiring: Requiring, inputs: list[Interval]) -> Interval:
    return _shift_right(requiring, inputs) if _is_not_negative(requiring, inputs[0]) else UNKNOWN


def _and(requiring: Requiring, inputs: list[Interval]) -> Interval:
    for value, mask in (inputs, inputs[::-1]):
        bits = _constant(mask)
        if bits is not None and bits >= 0:
            return at_most(constant(0, bits), value.high if value.low == 0 else None)
    return UNKNOWN


def _extend_unsigned(requiring: Requiring, inputs: list[Interval]) -> Interval:
    return inputs[0] if _is_not_negative(requiring, inputs[0]) else UNKNOWN


def _truncate(requiring: Requiring, inputs: list[Interval]) -> Interval:
    low, high = inputs[0].low, inputs[0].high
    if low is None or high is None:
        return UNKNOWN
    return inputs[0] if requiring.require(I32_MIN, low) and requiring.require(high, I32_MAX) else UNKNOWN


def _absolute(_: Requiring, inputs: list[Interval]) -> Interval:
    negated = subtract(constant(0, 0), inputs[0])
    if not negated.is_bounded or inputs[0].high is None or negated.high is None:
        return UNKNOWN
    return Interval(0, combine("max", inputs[0].high, negated.high))


def _is_not_negative(requiring: Requiring, interval: Interval) -> bool:
    if interval.low is None or interval.high is None:
        return False
    return requiring.require(0, interval.low)


def _operations(bits: int) -> dict[str, IntervalOperation]:
    i = f"i{bits}"
    return {
        f"add.{i}": lambda _, inputs: add(*inputs),
        f"sub.{i}": lambda _, inputs: subtract(*inputs),
        f"mul.{i}": lambda _, inputs: multiply(*inputs),
        f"fma.{i}": _fma,
        f"div.{i}.s": _divide,
        f"div.{i}.u": _divide_unsigned,
        f"rem.{i}.s": _remainder,
        f"rem.{i}.u": _remainder,
        f"min.{i}.s": lambda _, inputs: minimum(*inputs),
        f"max.{i}.s": lambda _, inputs: maximum(*inputs),
        f"shl.{i}": _shift_left,
        f"shr.{i}.s": _shift_right,
        f"shr.{i}.u": _shift_right_unsigned,
        f"and.{i}": _and,
        f"abs.{i}": _absolute,
        f"select.{i}": lambda _, inputs: union(inputs[1], inputs[2]),
    }


INTERVAL_OPERATIONS: dict[str, IntervalOperation] = {
    **_operations(32),
    **_operations(64),
    "ext.i32.i64.s": lambda _, inputs: inputs[0],
    "ext.i32.i64.u": _extend_unsigned,
    "trunc.i64.i32": _truncate,
}
"""By opcode name, from the intervals of the operands."""

RESULT_INTERVALS: dict[str, Interval] = {
    "buffer.load.i8.u": constant(0, 0xFF),
    "buffer.load.i8.s": constant(-0x80, 0x7F),
    "buffer.load.i16.u": constant(0, 0xFFFF),
    "buffer.load.i16.s": constant(-0x8000, 0x7FFF),
    "trunc.i32.i8": constant(0, 0xFF),
    "trunc.i32.i16": constant(0, 0xFFFF),
    "ext.i8.i32.u": constant(0, 0xFF),
    "ext.i8.i32.s": constant(-0x80, 0x7F),
    "ext.i16.i32.u": constant(0, 0xFFFF),
    "ext.i16.i32.s": constant(-0x8000, 0x7FFF),
    **{
        f"cmp.{name}": constant(0, 1) for name in ("nz.i32", "nz.i64", "eq.i32", "eq.i64", "ne.i32", "ne.i64")
    },
    **{f"cmp.lt.{i}.{sign}": constant(0, 1) for i in ("i32", "i64") for sign in "su"},
}
"""By opcode name, where the operands do not matter."""
