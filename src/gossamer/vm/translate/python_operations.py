"""How each operation reads as Python text.

Operations are inline text where that is short and exact, and calls of `vm.semantics` otherwise. Text refers
to its operands as `{0}`, `{1}`, ...; `t` is a scratch local.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from gossamer.vm.numbers.rounding import round_f32
from gossamer.vm.numbers.wrapping import MASK_32, MASK_64, wrap_i32, wrap_i64
from gossamer.vm.semantics.collection import COLLECTION_OPERATIONS, allocate_list
from gossamer.vm.semantics.floating import FLOAT_OPERATIONS
from gossamer.vm.semantics.integer import INTEGER_OPERATIONS
from gossamer.vm.semantics.memory import MEMORY_OPERATIONS
from gossamer.vm.typed.expression import Expression, Literal

OPERATIONS: dict[str, Callable[..., object]] = {
    **INTEGER_OPERATIONS,
    **FLOAT_OPERATIONS,
    **MEMORY_OPERATIONS,
    **COLLECTION_OPERATIONS,
    "list.alloc": allocate_list,
}
"""Operations that need nothing but their operands, by opcode name."""

_I32_MAX = 0x7FFF_FFFF
_I64_MAX = 0x7FFF_FFFF_FFFF_FFFF
_MASKS = {"i32": MASK_32, "i64": MASK_64}


def _wrapped(text: str, bits: int) -> str:
    limit = _I32_MAX if bits == 32 else _I64_MAX
    return f"t if {-limit - 1} <= (t := {text}) <= {limit} else wrap_i{bits}(t)"


def _integer_templates(bits: int) -> dict[str, str]:
    i = f"i{bits}"
    return {
        f"add.{i}": _wrapped("{0} + {1}", bits),
        f"sub.{i}": _wrapped("{0} - {1}", bits),
        f"mul.{i}": _wrapped("{0} * {1}", bits),
        f"fma.{i}": _wrapped("{0} * {1} + {2}", bits),
        f"not.{i}": "~{0}",
        f"and.{i}": "{0} & {1}",
        f"or.{i}": "{0} | {1}",
        f"xor.{i}": "{0} ^ {1}",
        f"shr.{i}.s": f"{{0}} >> ({{1}} & {bits - 1})",
        f"min.{i}.s": "{1} if {1} < {0} else {0}",
        f"max.{i}.s": "{1} if {0} < {1} else {0}",
        f"select.{i}": "{1} if {0} else {2}",
    }


def _float_templates(f: str) -> dict[str, str]:
    rounded = "round_f32({})" if f == "f32" else "{}"
    return {
        f"add.{f}": rounded.format("{0} + {1}"),
        f"sub.{f}": rounded.format("{0} - {1}"),
        f"mul.{f}": rounded.format("{0} * {1}"),
        f"neg.{f}": "-{0}",
        f"min.{f}": "{1} if {1} < {0} else {0}",
        f"max.{f}": "{1} if {0} < {1} else {0}",
        f"select.{f}": "{1} if {0} else {2}",
    }


_TEMPLATES: dict[str, str] = {
    **_integer_templates(32),
    **_integer_templates(64),
    **_float_templates("f32"),
    **_float_templates("f64"),
    "trunc.i32.i8": "{0} & 255",
    "trunc.i32.i16": "{0} & 65535",
    "trunc.i64.i32": _wrapped("{0}", 32),
    "ext.i8.i32.u": "{0} & 255",
    "ext.i16.i32.u": "{0} & 65535",
    "ext.i32.i64.s": "{0}",
    "ext.i32.i64.u": "{0} & 4294967295",
    "ext.f32.f64": "{0}",
    "assign.ref": "{0}",
}


def _natural_templates(bits: int) -> dict[str, tuple[str, bool]]:
    i = f"i{bits}"
    return {
        f"div.{i}.s": ("{0} // {1}", True),
        f"div.{i}.u": ("{0} // {1}", True),
        f"rem.{i}.s": ("{0} % {1}", True),
        f"rem.{i}.u": ("{0} % {1}", True),
        f"shr.{i}.u": (f"{{0}} >> ({{1}} & {bits - 1})", False),
    }


_NATURAL_TEMPLATES = {**_natural_templates(32), **_natural_templates(64)}
"""Text that is exact where the first operand is not negative, and the second is positive if that is True."""


def _condition_templates() -> dict[str, str]:
    conditions: dict[str, str] = {
        "cmp.eq.ref": "{0} is {1}",
        "cmp.ne.ref": "{0} is not {1}",
        "cmp.nz.ref": "{0} is not None",
    }
    for i in ("i32", "i64"):
        conditions[f"cmp.eq.{i}"] = "{0} == {1}"
        conditions[f"cmp.ne.{i}"] = "{0} != {1}"
        conditions[f"cmp.lt.{i}.s"] = "{0} < {1}"
        conditions[f"cmp.lt.{i}.u"] = f"{{0}} & {_MASKS[i]} < {{1}} & {_MASKS[i]}"
        conditions[f"cmp.nz.{i}"] = "{0} != 0"
    for f in ("f32", "f64"):
        conditions[f"cmp.eq.{f}.o"] = "{0} == {1}"
        conditions[f"cmp.ne.{f}.o"] = "{0} != {1}"
        conditions[f"cmp.ne.{f}.u"] = "{0} != {1}"
        conditions[f"cmp.lt.{f}.o"] = "{0} < {1}"
        conditions[f"cmp.lt.{f}.u"] = "not {0} >= {1}"
        conditions[f"cmp.lte.{f}.o"] = "{0} <= {1}"
        conditions[f"cmp.lte.{f}.u"] = "not {0} > {1}"
        conditions[f"cmp.nan.{f}"] = "{0} != {0}"
    return conditions


_CONDITIONS = _condition_templates()


class Names:
    """Global names that a function's text refers to.

    Attributes:
        constants: objects behind names that are the same for every state.
        required: names of things that belong to a state.
    """

    def __init__(self) -> None:
        self.required: set[str] = set()
        self.constants: dict[str, object] = {
            "round_f32": round_f32,
            "wrap_i32": wrap_i32,
            "wrap_i64": wrap_i64,
        }

    def operation(self, name: str) -> str:
        """Name of the function of an operation."""
        # Why: `round.f32`, to an integer, is not `round_f32`, to the precision of f32.
        identifier = "vm_" + name.replace(".", "_")
        self.constants[identifier] = OPERATIONS[name]
        return identifier

    def state(self, name: str) -> str:
        """Name of something that belongs to a state."""
        self.required.add(name)
        return name

    def shared(self, value: object, prefix: str) -> str:
        """Name for an object, the same one every time."""
        for name, present in self.constants.items():
            if present is value:
                return name
        return self.constant(value, prefix)

    def constant(self, value: object, prefix: str = "constant") -> str:
        """Name for an object that text cannot spell."""
        identifier = f"{prefix}_{len(self.constants)}"
        self.constants[identifier] = value
        return identifier


def expression_text(expression: Expression, names: Names) -> str:
    """An expression as Python text that needs no parentheses around it."""
    if isinstance(expression, str):
        return expression
    if isinstance(expression, Literal):
        value = expression.value
        if isinstance(value, float) and not math.isfinite(value):
            return names.constant(value)
        return f"({value!r})" if isinstance(value, (int, float)) and value < 0 else repr(value)
    operands = [expression_text(operand, names) for operand in expression.operands]
    if expression.name == "low":
        return f"wrap_i32({operands[0]})"
    if expression.name == "high":
        return f"({operands[0]} >> 32)"
    if expression.name == "combine":
        return f"({operands[1]} << 32 | {operands[0]} & 4294967295)"
    return f"{names.operation(expression.name)}({operands[0]})"


def condition_text(name: str, operands: Sequence[str]) -> str | None:
    """Text of a comparison as a Python condition, or None for other operations."""
    template = _CONDITIONS.get(name)
    return None if template is None else template.format(*operands)


def operation_text(name: str, operands: Sequence[str], names: Names) -> str:
    """Text of an operation on registers, as an expression."""
    template = _TEMPLATES.get(name)
    if template is not None:
        return template.format(*operands)
    condition = condition_text(name, operands)
    if condition is not None:
        return f"1 if {condition} else 0"
    call = f"{names.operation(name)}({', '.join(operands)})"
    natural = _NATURAL_TEMPLATES.get(name)
    if natural is None:
        return call
    template, needs_positive = natural
    checks = ["" if operands[0].isdecimal() else f"0 <= {operands[0]}"]
    if needs_positive:
        is_positive = operands[1].isdecimal() and operands[1] != "0"
        checks.append("" if is_positive else f"0 < {operands[1]}")
    text, condition = template.format(*operands), " and ".join(filter(None, checks))
    return f"{text} if {condition} else {call}" if condition else text
