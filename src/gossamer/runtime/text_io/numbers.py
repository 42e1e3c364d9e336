"""Numbers as text: parsed as C's `strtol` and `strtof` do, printed as its `%G` does.

IREE's tools read the longest prefix that is a number and take base 0 (`0x10` is 16, `010` is 8); so do these,
that one command line means the same to both. Where theirs wrap a number that its type does not hold, these
refuse it.
"""

from __future__ import annotations

import math
import re
from typing import Literal

from gossamer.errors import InvalidArgumentError

_INTEGER = re.compile(r"\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_DECIMAL_FLOAT = re.compile(r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?)")
_HEX_FLOAT = re.compile(r"\s*[+-]?0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)([pP][+-]?\d+)?")
_NAMED_FLOAT = re.compile(r"\s*([+-]?)(infinity|inf|nan)", re.IGNORECASE)
_MAX_INTEGER_DIGITS = 31


def parse_integer(text: str, type_name: str) -> int:
    """Read an integer from the start of `text`, in base 16 after `0x`, 8 after `0`, else 10.

    Raises: InvalidArgumentError when `text` does not start with an integer.
    """
    match = _INTEGER.match(text)
    if match is None or len(text) > _MAX_INTEGER_DIGITS:
        raise InvalidArgumentError(f"parsing value `{text}` as {type_name}")
    digits = match[2].lower()
    if digits.startswith("0x"):
        magnitude = int(digits, 16)
    else:
        magnitude = int(digits, 8 if digits.startswith("0") else 10)
    if magnitude >= 1 << 64:
        raise InvalidArgumentError(f"parsing value `{text}` as {type_name}: it does not fit in 64 bits")
    return -magnitude if match[1] == "-" else magnitude


def parse_integer_of(text: str, type_name: str, bits: int, *, sign: Literal["", "s", "u"] = "") -> int:
    """Read an integer that a type of `bits` bits holds.

    Args:
        text: the number.
        type_name: for messages.
        bits: width of the type.
        sign: "s" or "u" for a type that has a sign or none; "" holds the numbers of both, save that numbers
            of 64 bits from 2**63 on must be written as bits, in hexadecimal or octal.
    Raises: InvalidArgumentError when `text` is no integer, or one out of range.
    """
    value = parse_integer(text, type_name)
    are_bits = text.strip().lstrip("+").startswith("0")
    low = 0 if sign == "u" else -(1 << (bits - 1))
    is_half = sign == "s" or (not sign and bits == 64 and not are_bits)
    high = 1 << (bits - 1 if is_half else bits)
    if not low <= value < high:
        raise InvalidArgumentError(f"value `{text}` is out of range of {type_name} ({low} to {high - 1})")
    return value


def parse_float(text: str, type_name: str) -> float:
    """Read a floating-point number from the start of `text`: decimal, hexadecimal, `inf` or `nan`.

    Raises: InvalidArgumentError when `text` does not start with a number.
    """
    named = _NAMED_FLOAT.match(text)
    if named is not None:
        magnitude = math.nan if named[2].lower() == "nan" else math.inf
        return math.copysign(magnitude, -1.0 if named[1] == "-" else 1.0)
    hexadecimal = _HEX_FLOAT.match(text)
    if hexadecimal is not None:
        return float.fromhex(hexadecimal[0].strip())
    decimal = _DECIMAL_FLOAT.match(text)
    if decimal is None:
        raise InvalidArgumentError(f"parsing value `{text}` as {type_name}")
    return float(decimal[0])


def format_float(value: float, upper: bool = True) -> str:
    """Print as C's `%G` (or `%g`) does: six significant digits, `INF`, `-NAN`."""
    if math.isnan(value):
        text = "-nan" if math.copysign(1.0, value) < 0 else "nan"
        return text.upper() if upper else text
    return ("%G" if upper else "%g") % value
