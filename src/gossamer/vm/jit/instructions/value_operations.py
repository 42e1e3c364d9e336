"""LLVM instructions of operations on values.

An operation is a template over its operands, `{0}` and so on without types, or a function where it takes
several instructions. Spec: `vm.semantics` defines every result, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gossamer.vm.jit.instructions.float_operations import FLOAT_EMITTERS, FLOAT_TEMPLATES
from gossamer.vm.jit.instructions.text import FunctionText

Emitter: TypeAlias = Callable[[FunctionText, Sequence[str]], str]
"""Takes operands without types; returns the name of the result."""


def _integer_templates(bits: int) -> dict[str, str]:
    i = f"i{bits}"
    return {
        f"add.{i}": f"add {i} {{0}}, {{1}}",
        f"sub.{i}": f"sub {i} {{0}}, {{1}}",
        f"mul.{i}": f"mul {i} {{0}}, {{1}}",
        f"and.{i}": f"and {i} {{0}}, {{1}}",
        f"or.{i}": f"or {i} {{0}}, {{1}}",
        f"xor.{i}": f"xor {i} {{0}}, {{1}}",
        f"not.{i}": f"xor {i} {{0}}, -1",
    }


def _comparison_codes(bits: int) -> dict[str, str]:
    i = f"i{bits}"
    return {
        f"cmp.eq.{i}": f"eq {i} {{0}}, {{1}}",
        f"cmp.ne.{i}": f"ne {i} {{0}}, {{1}}",
        f"cmp.lt.{i}.s": f"slt {i} {{0}}, {{1}}",
        f"cmp.lt.{i}.u": f"ult {i} {{0}}, {{1}}",
        f"cmp.nz.{i}": f"ne {i} {{0}}, 0",
    }


_TEMPLATES: dict[str, str] = {
    **_integer_templates(32),
    **_integer_templates(64),
    **FLOAT_TEMPLATES,
    "trunc.i32.i8": "and i32 {0}, 255",
    "trunc.i32.i16": "and i32 {0}, 65535",
    "trunc.i64.i32": "trunc i64 {0} to i32",
    "ext.i8.i32.u": "and i32 {0}, 255",
    "ext.i16.i32.u": "and i32 {0}, 65535",
    "ext.i32.i64.s": "sext i32 {0} to i64",
    "ext.i32.i64.u": "zext i32 {0} to i64",
    "low": "trunc i64 {0} to i32",
}
_COMPARISONS = {**_comparison_codes(32), **_comparison_codes(64)}


def _fma(i: str) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        product = text.value(f"mul {i} {operands[0]}, {operands[1]}")
        return text.value(f"add {i} {product}, {operands[2]}")

    return emit


def _intrinsic(i: str, intrinsic: str, *extra: str) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        typed = [f"{i} {operand}" for operand in operands] + list(extra)
        types = ", ".join(operand.split()[0] for operand in typed)
        return text.intrinsic(f"{intrinsic}.{i}", f"{i} ({types})", *typed)

    return emit


def _shift(i: str, instruction: str) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        amount = text.value(f"and i32 {operands[1]}, {31 if i == 'i32' else 63}")
        if i == "i64":
            amount = text.value(f"zext i32 {amount} to i64")
        return text.value(f"{instruction} {i} {operands[0]}, {amount}")

    return emit


def _sign_extend(bits: int) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        narrow = text.value(f"trunc i32 {operands[0]} to i{bits}")
        return text.value(f"sext i{bits} {narrow} to i32")

    return emit


def _select(type_: str) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        condition = text.value(f"icmp ne i32 {operands[0]}, 0")
        return text.value(f"select i1 {condition}, {type_} {operands[1]}, {type_} {operands[2]}")

    return emit


def _switch(type_: str) -> Emitter:
    def emit(text: FunctionText, operands: Sequence[str]) -> str:
        index, chosen, *values = operands
        for number, value in enumerate(values):
            is_case = text.value(f"icmp eq i32 {index}, {number}")
            chosen = text.value(f"select i1 {is_case}, {type_} {value}, {type_} {chosen}")
        return text.value(f"freeze {type_} {chosen}") if not values else chosen

    return emit


def _high(text: FunctionText, operands: Sequence[str]) -> str:
    return text.value(f"trunc i64 {text.value(f'lshr i64 {operands[0]}, 32')} to i32")


def _combine(text: FunctionText, operands: Sequence[str]) -> str:
    low = text.value(f"zext i32 {operands[0]} to i64")
    high = text.value(f"shl i64 {text.value(f'zext i32 {operands[1]} to i64')}, 32")
    return text.value(f"or i64 {high}, {low}")


def _integer_emitters(bits: int) -> dict[str, Emitter]:
    i = f"i{bits}"
    return {
        f"fma.{i}": _fma(i),
        f"shl.{i}": _shift(i, "shl"),
        f"shr.{i}.s": _shift(i, "ashr"),
        f"shr.{i}.u": _shift(i, "lshr"),
        f"min.{i}.s": _intrinsic(i, "smin"),
        f"min.{i}.u": _intrinsic(i, "umin"),
        f"max.{i}.s": _intrinsic(i, "smax"),
        f"max.{i}.u": _intrinsic(i, "umax"),
        f"abs.{i}": _intrinsic(i, "abs", "i1 false"),
        f"ctlz.{i}": _intrinsic(i, "ctlz", "i1 false"),
        f"select.{i}": _select(i),
        f"switch.{i}": _switch(i),
    }


_EMITTERS: dict[str, Emitter] = {
    **_integer_emitters(32),
    **_integer_emitters(64),
    **FLOAT_EMITTERS,
    **{f"select.{name}": _select(type_) for name, type_ in (("f32", "float"), ("f64", "double"))},
    **{f"switch.{name}": _switch(type_) for name, type_ in (("f32", "float"), ("f64", "double"))},
    "ext.i8.i32.s": _sign_extend(8),
    "ext.i16.i32.s": _sign_extend(16),
    "high": _high,
    "combine": _combine,
}


def is_value_operation(name: str) -> bool:
    """True for the operations of this file."""
    return name in _TEMPLATES or name in _COMPARISONS or name in _EMITTERS


def emit_value_operation(text: FunctionText, name: str, operands: Sequence[str]) -> str:
    """Add the instructions of an operation; returns the name of its result."""
    if name in _TEMPLATES:
        return text.value(_TEMPLATES[name].format(*operands))
    if name in _COMPARISONS:
        flag = text.value(f"icmp {_COMPARISONS[name].format(*operands)}")
        return text.value(f"zext i1 {flag} to i32")
    return _EMITTERS[name](text, operands)
