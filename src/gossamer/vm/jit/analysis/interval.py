"""Intervals of i64 whose ends are computed when a loop is entered.

An end is a constant, or an expression over values that do not change in the loop. Arithmetic on intervals
is exact: the native code that computes ends notices overflow and gives up (see `range_check`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

I64_MIN = -(1 << 63)
I64_MAX = (1 << 63) - 1
I32_MIN = -(1 << 31)
I32_MAX = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Leaf:
    """A parameter of the loop's header that never changes, or the value it has on entry."""

    parameter: int


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """`name` is add, sub, mul, min, max, quotient (by a constant, toward zero) or shift (right).

    Made by `combine` only, which gives the same object for the same operands: expressions share their
    parts, and comparing or hashing them must not walk what may be a tree of exponential size.
    """

    name: str
    lhs: Bound
    rhs: Bound


Bound: TypeAlias = int | Leaf | Expression


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers from `low` to `high`, both included; None where there is no limit but the type's."""

    low: Bound | None
    high: Bound | None

    @property
    def is_bounded(self) -> bool:
        """Both ends are known."""
        return self.low is not None and self.high is not None


UNKNOWN = Interval(None, None)

_FOLDS: dict[str, Callable[[int, int], int]] = {
    "add": lambda lhs, rhs: lhs + rhs,
    "sub": lambda lhs, rhs: lhs - rhs,
    "mul": lambda lhs, rhs: lhs * rhs,
    "min": min,
    "max": max,
    "quotient": lambda lhs, rhs: abs(lhs) // rhs if lhs >= 0 else -(abs(lhs) // rhs),
    "shift": lambda lhs, rhs: lhs >> rhs,
}


def combine(name: str, lhs: Bound, rhs: Bound) -> Bound:
    """An expression, folded where both sides are constants; numbers past i64 are the caller's to refuse."""
    if isinstance(lhs, int) and isinstance(rhs, int):
        return _FOLDS[name](lhs, rhs)
    if rhs == 0 and name in ("add", "sub", "shift"):
        return lhs
    if rhs == 1 and name in ("mul", "quotient"):
        return lhs
    if lhs == 0 and name == "add":
        return rhs
    if lhs == rhs and name in ("min", "max"):
        return lhs
    return _expression(name, lhs, rhs)


@lru_cache(maxsize=1 << 14)
def _expression(name: str, lhs: Bound, rhs: Bound) -> Expression:
    return Expression(name, lhs, rhs)


def constant(low: int, high: int) -> Interval:
    """An interval with constant ends."""
    return Interval(low, high)


def add(lhs: Interval, rhs: Interval) -> Interval:
    """Interval of sums."""
    return _endwise("add", lhs, rhs.low, rhs.high)


def subtract(lhs: Interval, rhs: Interval) -> Interval:
    """Interval of differences."""
    return _endwise("sub", lhs, rhs.high, rhs.low)


def multiply(lhs: Interval, rhs: Interval) -> Interval:
    """Interval of products."""
    if lhs.low is None or lhs.high is None or rhs.low is None or rhs.high is None:
        return UNKNOWN
    factor = rhs if rhs.low == rhs.high and isinstance(rhs.low, int) else lhs
    other = lhs if factor is rhs else rhs
    if factor.low == factor.high and isinstance(factor.low, int):
        assert other.low is not None
        assert other.high is not None
        ends = (other.low, other.high) if factor.low >= 0 else (other.high, other.low)
        return _checked(combine("mul", ends[0], factor.low), combine("mul", ends[1], factor.low))
    products = [combine("mul", a, b) for a in (lhs.low, lhs.high) for b in (rhs.low, rhs.high)]
    low = high = products[0]
    for product in products[1:]:
        low, high = combine("min", low, product), combine("max", high, product)
    return _checked(low, high)


def minimum(lhs: Interval, rhs: Interval) -> Interval:
    """Interval of the lesser of two numbers."""
    return _endwise("min", lhs, rhs.low, rhs.high)


def maximum(lhs: Interval, rhs: Interval) -> Interval:
    """Interval of the greater of two numbers."""
    return _endwise("max", lhs, rhs.low, rhs.high)


def union(lhs: Interval, rhs: Interval) -> Interval:
    """Smallest interval that has both."""
    low = None if lhs.low is None or rhs.low is None else combine("min", lhs.low, rhs.low)
    high = None if lhs.high is None or rhs.high is None else combine("max", lhs.high, rhs.high)
    return Interval(low, high)


def monotone(name: str, operand: Interval, amount: int) -> Interval:
    """Interval of quotients by, or right shifts by, a constant."""
    if operand.low is None or operand.high is None:
        return UNKNOWN
    return Interval(combine(name, operand.low, amount), combine(name, operand.high, amount))


def at_least(interval: Interval, low: Bound | None) -> Interval:
    """The part of an interval from `low` up."""
    if low is None:
        return interval
    return Interval(low if interval.low is None else combine("max", interval.low, low), interval.high)


def at_most(interval: Interval, high: Bound | None) -> Interval:
    """The part of an interval up to `high`."""
    if high is None:
        return interval
    return Interval(interval.low, high if interval.high is None else combine("min", interval.high, high))


def _endwise(name: str, lhs: Interval, low: Bound | None, high: Bound | None) -> Interval:
    if lhs.low is None or lhs.high is None or low is None or high is None:
        return UNKNOWN
    return _checked(combine(name, lhs.low, low), combine(name, lhs.high, high))


def _checked(low: Bound, high: Bound) -> Interval:
    for end in (low, high):
        if isinstance(end, int) and not I64_MIN <= end <= I64_MAX:
            return UNKNOWN
    return Interval(low, high)
