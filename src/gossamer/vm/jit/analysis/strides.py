"""How much a value changes from one iteration of a loop to the next."""

from __future__ import annotations

from collections.abc import Set

from gossamer.vm.jit.analysis.loop_values import LoopValues
from gossamer.vm.typed.expression import Literal
from gossamer.vm.typed.ssa import Operand, Operation, Value

Form = dict[Value, "int | None"]
"""Stride by counter; None is a number only known when the loop runs. Others do not matter."""

MAX_DEPTH = 64
"""Longer chains of operations are not followed. Why: each is some Python frames deep."""


class Strides:
    """Strides of values in a nest of counted loops."""

    def __init__(self, values: LoopValues, counters: Set[Value]) -> None:
        self._values = values
        self._counters = counters
        self._forms: dict[Value, Form | None] = {}
        self._depth = 0

    def of(self, operand: Operand) -> Form | None:
        """Strides of a value; None where it is not linear in the counters."""
        value = self._values.resolve(operand)
        if isinstance(value, Literal):
            return {}
        if value in self._counters:
            return {value: 1}
        if value.operation is None:
            return {} if self._values.invariant_root(value) is not None else None
        if value not in self._forms:
            if self._depth >= MAX_DEPTH:
                return None
            self._depth += 1
            self._forms[value] = self._of_operation(value.operation)
            self._depth -= 1
        return self._forms[value]

    def _of_operation(self, operation: Operation) -> Form | None:
        inputs = [self.of(operand) for operand in operation.inputs]
        forms = [form for form in inputs if form is not None]
        if len(forms) < len(inputs) or operation.name.startswith("buffer."):
            return None
        if not any(forms):
            return {}
        if operation.name == "add.i64":
            return _sum(forms[0], forms[1], 1)
        if operation.name == "sub.i64":
            return _sum(forms[0], forms[1], -1)
        if operation.name == "mul.i64":
            return self._product(operation, forms)
        if operation.name == "fma.i64":
            product = self._product(operation, forms)
            return None if product is None else _sum(product, forms[2], 1)
        return None

    def _product(self, operation: Operation, forms: list[Form]) -> Form | None:
        for form, factor_form, factor in (
            (forms[0], forms[1], operation.inputs[1]),
            (forms[1], forms[0], operation.inputs[0]),
        ):
            if factor_form:
                continue
            literal = self._values.resolve(factor)
            known = literal.value if isinstance(literal, Literal) else None
            return {
                counter: stride * known if isinstance(known, int) and stride is not None else None
                for counter, stride in form.items()
            }
        return None


def _sum(lhs: Form, rhs: Form, sign: int) -> Form:
    total = dict(lhs)
    for counter, stride in rhs.items():
        before = total.get(counter, 0)
        total[counter] = None if before is None or stride is None else before + sign * stride
    return {counter: stride for counter, stride in total.items() if stride != 0}
