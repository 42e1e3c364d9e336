"""The native code that decides, on entry to a loop, which copy of it runs.

Ends of intervals are computed with overflow noticed: what overflows means that nothing is known, and the
copy with all its checks runs.
"""

from __future__ import annotations

from collections.abc import Callable

from gossamer.vm.jit.analysis.interval import Bound, Leaf
from gossamer.vm.jit.analysis.versioning import AccessCheck, LoopPlan
from gossamer.vm.jit.instructions.ref_value import MUTABLE_BIT, BufferNames, byte_shift
from gossamer.vm.jit.instructions.text import FunctionText

_OVERFLOWING = {"add": "sadd", "sub": "ssub", "mul": "smul"}


class RangeCheck:
    """Adds the checks of one loop to the block before it."""

    def __init__(
        self,
        text: FunctionText,
        integer: Callable[[int], str],
        buffer: Callable[[int], BufferNames],
    ) -> None:
        """Start checking.

        Args:
            integer: name of a header parameter's value on entry, as i64.
            buffer: names of a header parameter that is a buffer.
        """
        self._text = text
        self._integer = integer
        self._buffer = buffer
        self._bounds: dict[Bound, str] = {}
        self._conditions: dict[str, None] = {}

    def holds(self, plan: LoopPlan) -> str:
        """Name of the i1: accesses the plan leaves unchecked are in bounds, and buffers do not overlap."""
        for requirement in plan.requirements:
            low, high = self._bound(requirement.low), self._bound(requirement.high)
            self._require(f"icmp sle i64 {low}, {high}")
        for check in plan.checks:
            self._check_access(check)
        for first, second in plan.disjoint:
            ends = [self._end(self._buffer(root)) for root in (first, second)]
            starts = [self._buffer(root).pointer for root in (first, second)]
            before = self._text.value(f"icmp ule ptr {ends[0]}, {starts[1]}")
            after = self._text.value(f"icmp ule ptr {ends[1]}, {starts[0]}")
            self._conditions[self._text.value(f"or i1 {before}, {after}")] = None
        return self._all()

    def _end(self, buffer: BufferNames) -> str:
        return self._text.value(f"getelementptr i8, ptr {buffer.pointer}, i64 {buffer.length}")

    def _check_access(self, check: AccessCheck) -> None:
        buffer = self._buffer(check.root)
        count = buffer.length
        if check.element_bytes > 1:
            count = self._text.value(f"lshr i64 {buffer.length}, {byte_shift(check.element_bytes)}")
        if check.is_store:
            mutable = self._text.value(f"and i32 {buffer.state}, {MUTABLE_BIT}")
            self._require(f"icmp ne i32 {mutable}, 0")
        else:
            self._require(f"icmp ne i32 {buffer.state}, 0")
        self._require(f"icmp sge i64 {self._bound(check.low)}, 0")
        self._require(f"icmp slt i64 {self._bound(check.high)}, {count}")

    def _require(self, comparison: str) -> None:
        self._conditions[self._text.value(comparison)] = None

    def _all(self) -> str:
        result = "true"
        for condition in self._conditions:
            result = condition if result == "true" else self._text.value(f"and i1 {result}, {condition}")
        return result

    def _bound(self, bound: Bound) -> str:
        if isinstance(bound, int):
            return str(bound)
        if bound not in self._bounds:
            self._bounds[bound] = self._compute(bound)
        return self._bounds[bound]

    def _compute(self, bound: Bound) -> str:
        assert not isinstance(bound, int)
        if isinstance(bound, Leaf):
            return self._integer(bound.parameter)
        lhs, rhs = self._bound(bound.lhs), self._bound(bound.rhs)
        if bound.name in _OVERFLOWING:
            name = f"{_OVERFLOWING[bound.name]}.with.overflow.i64"
            pair = self._text.intrinsic(name, "{i64,i1} (i64, i64)", f"i64 {lhs}", f"i64 {rhs}")
            overflowed = self._text.value(f"extractvalue {{i64,i1}} {pair}, 1")
            self._require(f"xor i1 {overflowed}, true")
            return self._text.value(f"extractvalue {{i64,i1}} {pair}, 0")
        if bound.name in ("min", "max"):
            return self._text.intrinsic(f"s{bound.name}.i64", "i64 (i64, i64)", f"i64 {lhs}", f"i64 {rhs}")
        instruction = "sdiv" if bound.name == "quotient" else "ashr"
        return self._text.value(f"{instruction} i64 {lhs}, {rhs}")
