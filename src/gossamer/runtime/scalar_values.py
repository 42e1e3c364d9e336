"""Scalars of Python as VM values, and back.

The VM passes integers in registers of 32 or 64 bits, as signed numbers; what a number is to the caller is
declared: `ui8` is 0 to 255, `i1` a truth value.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import numpy as np

from gossamer.errors import InvalidArgumentError
from gossamer.vm.numbers.rounding import round_f32
from gossamer.vm.numbers.wrapping import wrap_i32, wrap_i64

Conversion: TypeAlias = Callable[[object], object]

_DTYPES = {"i": np.int32, "I": np.int64, "f": np.float32, "F": np.float64}
_BITS = {"i": 32, "I": 64}
_TRUTH = "i1"
_INTEGER = re.compile(r"(?P<sign>[su]?)i(?P<bits>\d+)")


def scalar_dtype(kind: str, type: str = "") -> np.dtype[Any] | None:
    """NumPy type of a scalar.

    Args:
        kind: calling convention character.
        type: as declared; only what is unsigned, or a truth value, changes the type.
    Returns: None for what is no scalar.
    """
    if type == _TRUTH:
        return np.dtype(np.bool_)
    if kind in _BITS and (bits := _unsigned_bits(type)):
        return np.dtype(f"u{max(8, bits) // 8}")
    return np.dtype(_DTYPES[kind]) if kind in _DTYPES else None


def scalar_to_vm(kind: str, type: str, what: str) -> Conversion:
    """Function that turns what a caller passes into a VM value.

    Integers that only fit their width without a sign are wrapped to it.

    Args:
        kind: calling convention character.
        type: as declared; "" where nothing is.
        what: the argument, for messages.
    """
    convert = _conversion(kind, type)

    def convert_scalar(value: object) -> object:
        try:
            return convert(value)
        except (TypeError, ValueError, OverflowError) as error:
            expected = type or _DTYPES[kind].__name__
            raise InvalidArgumentError(
                f"{what} is {value!r}, expected {expected}{hint_for_awaitable(value)}"
            ) from error

    return convert_scalar


def hint_for_awaitable(value: object) -> str:
    """What to add to a message about an argument that is a call under way; "" for other values."""
    return "; await it first, and pass its result" if isinstance(value, Awaitable) else ""


def scalar_from_vm(kind: str, type: str) -> Conversion | None:
    """Function that turns a VM value into what a caller gets, or None where that is the same."""
    if type == _TRUTH:
        return bool
    bits = _unsigned_bits(type) if kind in _BITS else 0
    if not bits:
        return None
    mask = (1 << bits) - 1

    def convert_scalar(value: Any) -> object:
        return value & mask

    return convert_scalar


def _unsigned_bits(type: str) -> int:
    match = _INTEGER.fullmatch(type)
    return int(match["bits"]) if match and match["sign"] == "u" else 0


def _conversion(kind: str, type: str) -> Callable[[Any], object]:
    if kind == "F":
        return _real_number
    if kind == "f":
        return lambda value: round_f32(_real_number(value))
    wrap = wrap_i32 if kind == "i" else wrap_i64
    declared = _INTEGER.fullmatch(type)
    bits = int(declared["bits"]) if declared else _BITS[kind]
    sign = declared["sign"] if declared else ""
    low = 0 if sign == "u" else -(1 << bits - 1)
    high = 1 << (bits - 1 if sign == "s" else bits)

    def convert(value: Any) -> int:
        number = int(value)
        if number != value or not low <= number < high:
            raise ValueError(value)
        return wrap(number)

    return convert


def _real_number(value: Any) -> float:
    if isinstance(value, (str, bytes, bytearray)):
        raise TypeError(value)
    return float(value)
