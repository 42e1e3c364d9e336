"""Floating-point constants in the text of LLVM IR, from newer LLVMs to llvmlite's.

MLIR's LLVM prints short decimals, `f0x` bits, `+inf` and `+qnan`; LLVM 22 reads exact decimals and
hexadecimal bits only. The type of a constant is the nearest floating-point type to its left.
"""

from __future__ import annotations

import re
import struct

_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"'
    r"|\b(?P<type>float|double|half|bfloat)\b"
    r"|(?<![\w%@.$-])(?P<number>f0x[0-9A-Fa-f]+|[+-](?:inf|qnan)\b|[+-]s?nan\(0x[0-9A-Fa-f]+\)"
    r"|[+-]?\d+\.\d*(?:[eE][+-]?\d+)?)"
)
# Exponent and fraction bits.
_FORMATS = {"half": (5, 10), "bfloat": (8, 7), "float": (8, 23), "double": (11, 52)}


def rewrite_float_constants(text: str) -> str:
    """Spell each floating-point constant of a module as its bits."""
    type_ = "float"

    def replace(match: re.Match[str]) -> str:
        nonlocal type_
        if match["type"]:
            type_ = match["type"]
        elif match["number"]:
            return _spell(type_, _bits(type_, match["number"]))
        return match[0]

    return _TOKEN.sub(replace, text)


def _bits(type_: str, number: str) -> int:
    exponent_bits, fraction_bits = _FORMATS[type_]
    sign = (number[0] == "-") << exponent_bits + fraction_bits
    infinity = (1 << exponent_bits) - 1 << fraction_bits
    quiet = 1 << fraction_bits - 1
    if number.startswith("f0x"):
        return int(number[3:], 16)
    if number.endswith("inf"):
        return sign | infinity
    if number.endswith("qnan"):
        return sign | infinity | quiet
    if "nan(" in number:
        payload = int(number[number.index("(") + 1 : -1], 16)
        return sign | infinity | payload | (0 if "snan" in number else quiet)
    return _rounded(type_, float(number))


def _rounded(type_: str, number: float) -> int:
    if type_ == "bfloat":
        (bits,) = struct.unpack("<I", struct.pack("<f", number))
        return bits + 0x7FFF + (bits >> 16 & 1) >> 16
    pack, unpack = {"half": ("<e", "<H"), "float": ("<f", "<I"), "double": ("<d", "<Q")}[type_]
    return struct.unpack(unpack, struct.pack(pack, number))[0]


def _spell(type_: str, bits: int) -> str:
    if type_ == "half":
        return f"0xH{bits:04X}"
    if type_ == "bfloat":
        return f"0xR{bits:04X}"
    return f"0x{_as_double(bits) if type_ == 'float' else bits:016X}"


def _as_double(bits: int) -> int:
    """Bits of the double that is a float, by which LLVM spells floats."""
    sign, exponent, fraction = bits >> 31, bits >> 23 & 0xFF, bits & 0x7FFFFF
    if exponent == 0xFF:
        return sign << 63 | 0x7FF << 52 | fraction << 29
    (number,) = struct.unpack("<f", struct.pack("<I", bits))
    return struct.unpack("<Q", struct.pack("<d", number))[0]
