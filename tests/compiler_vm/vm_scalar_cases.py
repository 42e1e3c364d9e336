"""Operations on scalars with what they should compute: the table of the differential tests.

Every function of the table takes and returns bit patterns, so that results compare exactly and reference
tools need no opinion on floats. Expected values come from Python integers and from numpy in double precision.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import ml_dtypes
import numpy as np

Number = int | float
DTYPES: dict[str, type] = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
    "f64": np.float64,
}
WIDTHS = {"f16": 16, "bf16": 16, "f32": 32, "f64": 64, "index": 64}


def width_of(type: str) -> int:
    return WIDTHS.get(type) or int(type[1:])


def is_float(type: str) -> bool:
    return type in DTYPES


def signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) & 1 else value


def from_bits(type: str, bits: int) -> Number:
    """A number: unsigned for integers."""
    bits &= (1 << width_of(type)) - 1
    if not is_float(type):
        return bits
    return float(np.array(bits, np.dtype(f"u{width_of(type) // 8}")).view(DTYPES[type]))


def to_bits(type: str, number: Number) -> int:
    if not is_float(type):
        return int(number) & ((1 << width_of(type)) - 1)
    if type == "bf16" and math.isfinite(number) and number:
        number = _round_to_bf16(number)
    with np.errstate(all="ignore"):
        return int(np.array(number, np.float64).astype(DTYPES[type]).view(f"u{width_of(type) // 8}"))


def _round_to_bf16(number: float) -> float:
    """The nearest bf16, rounding once: the library goes by way of f32."""
    _, exponent = math.frexp(number)
    unit = math.ldexp(1.0, max(exponent, -125) - 8)
    return round(number / unit) * unit


@dataclass(frozen=True)
class Case:
    """One function to compile and call.

    Attributes:
        body: MLIR operations that define `%r` from `%a`, `%b`, ...
        expected: takes numbers (integers unsigned), returns one; None where any result is right.
        ulps: how far a float result may be off.
        domain: takes the same numbers; where it is false the operation is undefined.
        any_zero: a zero may have either sign.
    """

    name: str
    arguments: tuple[str, ...]
    result: str
    body: str
    expected: Callable[..., Number | None]
    ulps: int = 0
    domain: Callable[..., bool] | None = None
    any_zero: bool = False

    @property
    def source(self) -> str:
        """A function from bit patterns to a bit pattern."""
        names = "abcd"[: len(self.arguments)]
        parameters = ", ".join(
            f"%{n}_bits: i{width_of(t)}" for n, t in zip(names, self.arguments, strict=True)
        )
        unpack = "".join(_unpack(f"%{n}", t) for n, t in zip(names, self.arguments, strict=True))
        bits = f"i{width_of(self.result)}"
        pack = _pack(self.result)
        return f"func.func @{self.name}({parameters}) -> {bits} {{\n{unpack}  {self.body}\n{pack}}}\n"

    def inputs(self, count: int) -> list[tuple[int, ...]]:
        """Bit patterns: edges in all combinations as far as `count` goes, then random ones."""
        chooser = random.Random(self.name)
        found: list[tuple[int, ...]] = []
        for attempt in range(20 * count):
            values = tuple(_sample(type, chooser, attempt % 3 != 2) for type in self.arguments)
            numbers = [from_bits(t, v) for t, v in zip(self.arguments, values, strict=True)]
            if self.domain is None or self.domain(*numbers):
                found.append(values)
            if len(found) == count:
                break
        return found


def _unpack(name: str, type: str) -> str:
    if type == "index":
        return f"  {name} = arith.index_cast {name}_bits : i64 to index\n"
    if is_float(type):
        return f"  {name} = arith.bitcast {name}_bits : i{width_of(type)} to {type}\n"
    return (
        f"  {name}_zero = arith.constant 0 : {type}\n  {name} = arith.ori {name}_bits, {name}_zero : {type}\n"
    )


def _pack(type: str) -> str:
    if type == "index":
        return "  %bits = arith.index_cast %r : index to i64\n  return %bits : i64\n"
    if is_float(type):
        bits = f"i{width_of(type)}"
        return f"  %bits = arith.bitcast %r : {type} to {bits}\n  return %bits : {bits}\n"
    return f"  return %r : {type}\n"


_FLOAT_EDGES = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.0,
    0.1,
    math.inf,
    -math.inf,
    math.nan,
    2.0,
    1e-3,
)


def _sample(type: str, chooser: random.Random, is_edge: bool) -> int:
    width = width_of(type)
    if is_float(type):
        if is_edge:
            return to_bits(type, chooser.choice(_FLOAT_EDGES))
        if chooser.random() < 0.5:
            return chooser.getrandbits(width)
        return to_bits(type, chooser.uniform(-10, 10))
    if is_edge:
        top = 1 << (width - 1)
        edges = [0, 1, 2, 3, 7, top - 1, top, top + 1, (1 << width) - 1, (1 << width) - 2, width, width - 1]
        return chooser.choice(edges) & ((1 << width) - 1)
    return chooser.getrandbits(chooser.randint(1, width))


def agrees(case: Case, bits: int, expected: Number | None) -> bool:
    """A result is what the case expects, or as near as it allows; all NaNs are alike."""
    width = width_of(case.result)
    bits &= (1 << width) - 1
    if expected is None:
        return True
    wanted = to_bits(case.result, expected)
    if bits == wanted:
        return True
    if not is_float(case.result):
        return False
    found = from_bits(case.result, bits)
    if math.isnan(found) or math.isnan(from_bits(case.result, wanted)):
        return math.isnan(found) and math.isnan(from_bits(case.result, wanted))
    if found == 0 and expected == 0:
        return case.any_zero
    return abs(_ordered(bits, width) - _ordered(wanted, width)) <= case.ulps


def _ordered(bits: int, width: int) -> int:
    """Floats in order as integers, neighbours one apart."""
    sign = 1 << (width - 1)
    return -(bits & (sign - 1)) if bits & sign else bits
