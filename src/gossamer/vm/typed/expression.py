"""Expressions over typed locals: what an operand of a typed instruction is.

A local is a register with a type, named by both: `i3` is cell 3 read as an i32, `I4` cells 4 and 5 as an
i64, `f3` and `F4` the same cells as floats, `r2` a ref register.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TypeAlias

from gossamer.vm.numbers.rounding import f32_from_bits, f32_to_bits

Local: TypeAlias = str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant of kind i, I, f, F or r (null)."""

    kind: str
    value: int | float | None

    def bits(self) -> bytes:
        """Its bytes in registers."""
        return _pack(self.kind, self.value)

    def __eq__(self, other: object) -> bool:
        # Why: 0.0 and -0.0 are equal numbers and NaNs are not, but as constants they are what their bits are.
        return isinstance(other, Literal) and self.kind == other.kind and self.bits() == other.bits()

    def __hash__(self) -> int:
        return hash((self.kind, self.bits()))


@dataclass(frozen=True, slots=True)
class Conversion:
    """Bits of one type seen as another.

    `low` and `high` give half of an i64 as i32, `combine` joins (low, high); the others are opcode names:
    `bitcast.i32.f32` and its kin.
    """

    name: str
    operands: tuple[Expression, ...]


Expression: TypeAlias = Local | Literal | Conversion

ZERO_CELL = Literal("i", 0)

_FORMATS = {"i": "<i", "I": "<q", "F": "<d"}
_TO_INTEGER = {"f": "bitcast.f32.i32", "F": "bitcast.f64.i64"}
_TO_FLOAT = {"f": "bitcast.i32.f32", "F": "bitcast.i64.f64"}


def _pack(kind: str, value: int | float | None) -> bytes:
    if value is None:
        return b""
    return struct.pack("<i", f32_to_bits(value)) if kind == "f" else struct.pack(_FORMATS[kind], value)


def _unpack(kind: str, data: bytes) -> Literal:
    if kind == "f":
        return Literal(kind, f32_from_bits(struct.unpack("<i", data)[0]))
    return Literal(kind, struct.unpack(_FORMATS[kind], data)[0])


def expression_kind(expression: Expression) -> str:
    """Kind of an expression's value."""
    if isinstance(expression, str):
        return expression[0]
    if isinstance(expression, Literal):
        return expression.kind
    return _CONVERSION_KINDS[expression.name]


_CONVERSION_KINDS = {
    "low": "i",
    "high": "i",
    "combine": "I",
    "bitcast.f32.i32": "i",
    "bitcast.f64.i64": "I",
    "bitcast.i32.f32": "f",
    "bitcast.i64.f64": "F",
}


def as_integer(expression: Expression) -> Expression:
    """The bits of a value as the integer of its width."""
    kind = expression_kind(expression)
    if kind not in _TO_INTEGER:
        return expression
    if isinstance(expression, Literal):
        return _unpack("i" if kind == "f" else "I", expression.bits())
    if isinstance(expression, Conversion) and expression.name == _TO_FLOAT[kind]:
        return expression.operands[0]
    return Conversion(_TO_INTEGER[kind], (expression,))


def from_integer(kind: str, integer: Expression) -> Expression:
    """An integer's bits as a value of `kind`, which has the same width."""
    if kind not in _TO_FLOAT:
        return integer
    if isinstance(integer, Literal):
        return _unpack(kind, integer.bits())
    if isinstance(integer, Conversion) and integer.name == _TO_INTEGER[kind]:
        return integer.operands[0]
    return Conversion(_TO_FLOAT[kind], (integer,))


def half(wide: Expression, index: int) -> Expression:
    """Low (0) or high (1) half of a 64-bit value, as an i32."""
    integer = as_integer(wide)
    if isinstance(integer, Literal):
        return _unpack("i", integer.bits()[4 * index : 4 * index + 4])
    return Conversion("high" if index else "low", (integer,))


def combine(low: Expression, high: Expression) -> Expression:
    """The i64 made of two i32 halves."""
    if isinstance(low, Literal) and isinstance(high, Literal):
        return _unpack("I", low.bits() + high.bits())
    return Conversion("combine", (low, high))
