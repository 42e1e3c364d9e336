"""The rows of the table: for an element type, StableHLO functions, arguments for them, and right results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import table_references as ref
from table_types import ELEMENT_TYPES, Array, ElementType, pairs

_COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "EQ": np.equal, "NE": np.not_equal, "LT": np.less, "LE": np.less_equal, "GT": np.greater,
    "GE": np.greater_equal,
}  # fmt: skip
_FLOAT_UNARY: dict[str, Callable[[Array], Array]] = {
    "abs": np.abs, "negate": np.negative, "sign": ref.sign, "ceil": np.ceil, "floor": np.floor,
    "round_nearest_even": np.rint, "round_nearest_afz": ref.round_nearest_afz, "sqrt": np.sqrt,
    "rsqrt": lambda a: 1 / np.sqrt(a), "cbrt": np.cbrt, "exponential": np.exp,
    "exponential_minus_one": np.expm1, "log": np.log, "log_plus_one": np.log1p,
    "logistic": lambda a: 1 / (1 + np.exp(-a)), "sine": np.sin, "cosine": np.cos, "tan": np.tan,
    "tanh": np.tanh,
}  # fmt: skip
_EXACT = {
    "abs", "negate", "sign", "ceil", "floor", "round_nearest_even", "round_nearest_afz", "add", "subtract",
    "multiply", "divide", "maximum", "minimum", "remainder", "sqrt",
}  # fmt: skip
_FLOAT_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "remainder": np.fmod, "maximum": ref.maximum, "minimum": ref.minimum, "power": np.power,
    "atan2": np.arctan2,
}  # fmt: skip
_COMPLEX_UNARY: dict[str, Callable[[Array], Array]] = {
    "negate": np.negative, "sign": ref.complex_sign, "sqrt": np.sqrt, "rsqrt": lambda a: 1 / np.sqrt(a),
    "exponential": np.exp, "exponential_minus_one": np.expm1, "log": np.log, "log_plus_one": np.log1p,
    "logistic": lambda a: 1 / (1 + np.exp(-a)), "sine": np.sin, "cosine": np.cos, "tan": np.tan,
    "tanh": np.tanh,
}  # fmt: skip
_COMPLEX_BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "power": np.power,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One function of a module.

    Attributes:
        name: of the operation, unique in the module.
        text: its function.
        arguments: to call it with.
        expected: what it is to return.
        ulps: how far floats may be off, in units of the last place.
    """

    name: str
    text: str
    arguments: tuple[Array, ...]
    expected: Array
    ulps: int = 0


def rows(type: ElementType) -> Iterator[Row]:
    """All rows of a type."""
    if type.kind == "f":
        yield from _float_rows(type)
    elif type.kind == "b":
        yield from _boolean_rows(type)
    elif type.kind == "c":
        yield from _complex_rows(type)
    else:
        yield from _integer_rows(type)
    yield from _common_rows(type)
    yield from _convert_rows(type)
    yield from _reduce_rows(type)
    yield from _product_rows(type)


def _row(name: str, operands: Sequence[Array], expected: Array, body: str, ulps: int = 0) -> Row:
    """A function of tensors; `body` has {0}, {1} for their types and {r} for the result's."""
    name = name.replace("<", "_").replace(">", "")
    types = [_tensor(operand) for operand in operands]
    result = _tensor(expected)
    arguments = ", ".join(f"%{letter}: {type}" for letter, type in zip("abc", types, strict=False))
    operation = body.format(*types, r=result)
    text = f"func.func @{name}({arguments}) -> {result} {{\n  {operation}\n  return %r : {result}\n}}"
    return Row(name, text, tuple(operands), expected, ulps)


def _tensor(array: Array) -> str:
    name = next(type.name for type in ELEMENT_TYPES.values() if type.dtype == array.dtype)
    return f"tensor<{''.join(f'{size}x' for size in array.shape)}{name}>"


def _same_type(name: str, operands: Sequence[Array], expected: Array, ulps: int = 0) -> Row:
    names = ", ".join(f"%{letter}" for letter, _ in zip("abc", operands, strict=False))
    return _row(name, operands, expected, f"%r = stablehlo.{name} {names} : {{r}}", ulps)


def _float_rows(type: ElementType) -> Iterator[Row]:
    values = type.edges()
    left, right = pairs(values)
    for name, compute in _FLOAT_UNARY.items():
        expected = ref.in_floats(compute)(values)
        yield _same_type(name, [values], expected, 0 if name in _EXACT else 4)
    for name, compute in _FLOAT_BINARY.items():
        ulps = 0 if name in _EXACT else 8
        yield _same_type(name, [left, right], ref.in_floats(compute)(left, right), ulps)
    finite = np.isfinite(values.astype(np.float64))
    yield _row("is_finite", [values], finite, "%r = stablehlo.is_finite %a : ({0}) -> {r}")


def _complex_rows(type: ElementType) -> Iterator[Row]:
    values = type.edges()
    left, right = pairs(values)
    for name, compute in _COMPLEX_UNARY.items():
        defined = ref.in_complex(compute)(values)
        kept = np.isfinite(defined)
        yield _same_type(name, [values[kept]], defined[kept], 16)
    for name, compute in _COMPLEX_BINARY.items():
        defined = ref.in_complex(compute)(left, right)
        kept = np.isfinite(defined)
        yield _same_type(name, [left[kept], right[kept]], defined[kept], 16)
    parts: dict[str, Callable[[Array], Array]] = {"abs": np.abs, "real": np.real, "imag": np.imag}
    for name, part in parts.items():
        yield _row(name, [values], part(values), f"%r = stablehlo.{name} %a : ({{0}}) -> {{r}}", 2)
    yield _row("complex", [values.real, values.imag], values, "%r = stablehlo.complex %a, %b : {r}")


def _boolean_rows(type: ElementType) -> Iterator[Row]:
    values = type.edges()
    left, right = pairs(values)
    either, both = left | right, left & right
    for name in ("add", "maximum", "or"):
        yield _same_type(name, [left, right], either)
    for name in ("multiply", "minimum", "and"):
        yield _same_type(name, [left, right], both)
    yield _same_type("xor", [left, right], left ^ right)
    yield _same_type("not", [values], ~values)


def _integer_rows(type: ElementType) -> Iterator[Row]:
    bits = type.bits
    values = type.edges()
    left, right = pairs(values)
    unary: dict[str, Callable[[int], int]] = {
        "not": lambda a: ~a,
        "negate": lambda a: -a,
        "count_leading_zeros": ref.count_leading_zeros(bits),
        "popcnt": ref.popcnt(bits),
    }
    if type.kind == "i":
        unary |= {"abs": abs, "sign": lambda a: (a > 0) - (a < 0)}
    binary: dict[str, Callable[[int, int], int]] = {
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "multiply": lambda a, b: a * b,
        "divide": ref.divide,
        "remainder": ref.remainder,
        "maximum": max,
        "minimum": min,
        "power": ref.power,
        "and": lambda a, b: a & b,
        "or": lambda a, b: a | b,
        "xor": lambda a, b: a ^ b,
        "shift_left": ref.shift_left(bits),
        "shift_right_logical": ref.shift_right_logical(bits),
        "shift_right_arithmetic": ref.shift_right_arithmetic(bits),
    }
    for name, compute in unary.items():
        yield _same_type(name, [values], ref.in_type(type, compute)(values))
    for name, compute in binary.items():
        yield _same_type(name, [left, right], ref.in_type(type, compute)(left, right))


def _common_rows(type: ElementType) -> Iterator[Row]:
    values = type.edges()
    left, right = pairs(values)
    for direction, compare in _COMPARISONS.items():
        if type.kind == "c" and direction not in ("EQ", "NE"):
            continue
        body = f"%r = stablehlo.compare {direction}, %a, %b : ({{0}}, {{1}}) -> {{r}}"
        with np.errstate(invalid="ignore"):
            expected = compare(left, right).astype(bool)
        yield _row(f"compare_{direction}", [left, right], expected, body)
    chosen = np.arange(left.size) % 3 == 0
    body = "%r = stablehlo.select %a, %b, %c : {0}, {1}"
    yield _row("select", [chosen, left, right], np.where(chosen, left, right), body)
    if type.kind == "c":
        return
    low, high = np.full_like(values, values[0]), np.full_like(values, values[-1])
    if type.kind == "f":
        low, high = type.array([-2.0] * values.size), type.array([2.0] * values.size)
        expected = ref.in_floats(lambda a, b, c: ref.minimum(ref.maximum(a, b), c))(values, low, high)
    else:
        low, high = np.full_like(values, values[1 % values.size]), np.full_like(values, values[-2])
        expected = np.minimum(np.maximum(values, low), high)
    yield _row("clamp", [low, values, high], expected, "%r = stablehlo.clamp %a, %b, %c : {r}")
    for other in ELEMENT_TYPES.values():
        if other is not type and other.bits == type.bits and not {"b", "c"} & {type.kind, other.kind}:
            body = "%r = stablehlo.bitcast_convert %a : ({0}) -> {r}"
            yield _row(f"bitcast_convert_{other.name}", [values], values.view(other.dtype), body)


def _convert_rows(type: ElementType) -> Iterator[Row]:
    for other in ELEMENT_TYPES.values():
        if type.kind == "c" and other.kind != "c":
            continue
        values = type.edges()
        if type.kind == "f" and other.kind in "iu":
            values = values[_fits(values, other)]
        wide = values.astype(np.float64) if type.dtype == ml_dtypes.bfloat16 else values
        with np.errstate(all="ignore"):
            expected = (wide != 0) if other.kind == "b" else wide.astype(other.dtype)
        yield _row(f"convert_{other.name}", [values], expected, "%r = stablehlo.convert %a : ({0}) -> {r}")


def _fits(values: Array, target: ElementType) -> Array:
    """Where a float's whole part is a number of an integer type: what others become is left open."""
    info = np.iinfo(target.dtype)
    whole = np.trunc(values.astype(np.longdouble))
    return np.isfinite(whole) & (whole >= info.min) & (whole <= info.max)


_REDUCTIONS: dict[str, Callable[[Array], Any]] = {
    "add": lambda a: a.any(axis=1) if a.dtype == bool else a.sum(axis=1, dtype=a.dtype),
    "multiply": lambda a: a.all(axis=1) if a.dtype == bool else a.prod(axis=1, dtype=a.dtype),
    "maximum": lambda a: a.max(axis=1),
    "minimum": lambda a: a.min(axis=1),
    "and": lambda a: np.bitwise_and.reduce(a, axis=1),
    "or": lambda a: np.bitwise_or.reduce(a, axis=1),
    "xor": lambda a: np.bitwise_xor.reduce(a, axis=1),
}


def _reduce_rows(type: ElementType) -> Iterator[Row]:
    if type.kind in "fc":
        matrix = type.array([1, 2, -3, 0.5, 4, -8, 16, 2]).reshape(2, 4)
    else:
        matrix = np.resize(type.edges(), (3, 5))
    for name, reduce in _REDUCTIONS.items():
        if type.kind in "fc" and name in ("and", "or", "xor"):
            continue
        if type.kind == "c" and name in ("maximum", "minimum"):
            continue
        expected = np.asarray(reduce(matrix)).astype(type.dtype)
        scalar = f"tensor<{type.name}>"
        initial = _initial(type, name)
        body = (
            f"%z = stablehlo.constant dense<{initial}> : {scalar}\n"
            f"  %r = stablehlo.reduce(%a init: %z) applies stablehlo.{name} across dimensions = [1]"
            f" : ({{0}}, {scalar}) -> {{r}}"
        )
        yield _row(f"reduce_{name}", [matrix], expected, body)


def _initial(type: ElementType, name: str) -> str:
    """An operation's neutral element."""
    if type.kind == "b":
        return "true" if name in ("multiply", "minimum", "and") else "false"
    if type.kind == "c":
        return {"add": "(0.0, 0.0)", "multiply": "(1.0, 0.0)"}[name]
    if type.kind == "f":
        return {"add": "0.0", "multiply": "1.0", "maximum": "-100.0", "minimum": "100.0"}[name]
    info = np.iinfo(type.dtype)
    top = str(info.max) if type.kind == "u" else "-1"
    neutral = {"multiply": "1", "maximum": str(info.min), "minimum": str(info.max), "and": top}
    return neutral.get(name, "0")


def _product_rows(type: ElementType) -> Iterator[Row]:
    for wide in _product_results(type):
        numbers = type.array([1, 2, 0.5, -3, 4, 1]) if type.kind in "fc" else type.edges()
        left, right = np.resize(numbers, (2, 4)), np.resize(numbers[::-1], (4, 3))
        expected = _product(left, right, wide)
        body = "%r = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : ({0}, {1}) -> {r}"
        yield _row(f"dot_general_{wide.name}", [left, right], expected, body)
        signal, kernel = np.resize(numbers, (1, 5, 1)), np.resize(numbers[::-1], (3, 1, 1))
        windows = np.stack([signal[0, start : start + 3, 0] for start in range(3)])
        convolved = _product(windows, kernel[:, 0], wide)[None]
        body = (
            "%r = stablehlo.convolution(%a, %b) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f],"
            " window = {{stride = [1]}} {{batch_group_count = 1 : i64, feature_group_count = 1 : i64}}"
            " : ({0}, {1}) -> {r}"
        )
        yield _row(f"convolution_{wide.name}", [signal, kernel], convolved, body)


def _product_results(type: ElementType) -> list[ElementType]:
    """Types that products of a type are summed in."""
    wider = {
        "i8": ["i32"],
        "ui8": ["ui32", "i32"],
        "i16": ["i32"],
        "ui16": ["ui32"],
        "bf16": ["f32"],
        "f16": ["f32"],
    }
    return [type, *(ELEMENT_TYPES[name] for name in wider.get(type.name, []))]


def _product(left: Array, right: Array, wide: ElementType) -> Array:
    if wide.kind == "b":
        return (left[:, :, None] & right[None]).any(axis=1)
    if wide.kind == "c":
        return left @ right
    if wide.kind == "f":
        return (left.astype(np.float64) @ right.astype(np.float64)).astype(wide.dtype)
    return (left.astype(wide.dtype)[:, :, None] * right.astype(wide.dtype)[None]).sum(
        axis=1, dtype=wide.dtype
    )
