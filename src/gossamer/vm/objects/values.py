"""Python values from hosts → values a register or global of a given type can hold.

Bytecode and modules exchange exact values already; this is for what people pass.
"""

from __future__ import annotations

from operator import index
from typing import SupportsFloat, SupportsIndex

from gossamer.errors import InvalidArgumentError
from gossamer.vm.numbers.rounding import round_f32
from gossamer.vm.numbers.wrapping import wrap_i32, wrap_i64

TYPES_BY_CHARACTER = {"i": "i32", "I": "i64", "f": "f32", "F": "f64"}
"""Value types by their character in a calling convention."""


def to_value(value: object, value_type: str) -> int | float:
    """Value as an i32, i64 (signed), f32 or f64.

    Integers may be given signed or unsigned. Anything that `float()` takes will do for floats.
    Raises: InvalidArgumentError where the type has no such value.
    """
    if value_type.startswith("i"):
        return _to_integer(value, value_type)
    # Why the classes first: asking a protocol takes as long as a hundred of them.
    if not isinstance(value, (float, int)) and not isinstance(value, SupportsFloat):
        raise InvalidArgumentError(f"expected a number of type {value_type}, got {value!r}")
    number = float(value)
    return round_f32(number) if value_type == "f32" else number


def _to_integer(value: object, value_type: str) -> int:
    if not isinstance(value, int) and not isinstance(value, SupportsIndex):
        raise InvalidArgumentError(f"expected an integer of type {value_type}, got {value!r}")
    number = index(value)
    bits = 32 if value_type == "i32" else 64
    if not -(1 << bits - 1) <= number < 1 << bits:
        raise InvalidArgumentError(f"{number} does not fit {value_type}")
    return wrap_i32(number) if bits == 32 else wrap_i64(number)
