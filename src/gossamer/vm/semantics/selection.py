"""Constants, selects and switches of value registers.

`switch.i64` selects whole 64-bit values; IREE 3.13.0's own gives only the low half of a case, which is
a defect there.
"""

from __future__ import annotations

from collections.abc import Callable


def _identity(value: int | float) -> int | float:
    return value


def _zero_integer() -> int:
    return 0


def _zero_float() -> float:
    return 0.0


def _select(condition: int, true_value: int | float, false_value: int | float) -> int | float:
    return true_value if condition else false_value


def _switch(index: int, default: int | float, values: tuple[int | float, ...]) -> int | float:
    return values[index] if 0 <= index < len(values) else default


SELECTION_OPERATIONS: dict[str, Callable[..., int | float]] = {
    "const.i32.zero": _zero_integer,
    "const.i64.zero": _zero_integer,
    "const.f32.zero": _zero_float,
    "const.f64.zero": _zero_float,
    **{f"const.{value_type}": _identity for value_type in ("i32", "i64", "f32", "f64")},
    **{f"select.{value_type}": _select for value_type in ("i32", "i64", "f32", "f64")},
    **{f"switch.{value_type}": _switch for value_type in ("i32", "i64", "f32", "f64")},
}
"""Operations by opcode name; a register list is given as a tuple of values."""
