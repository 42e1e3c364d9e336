"""Spells operations as the compiler of the wheels does, where a checkout is older than they are."""

from __future__ import annotations

import re

_RESPELLINGS = (
    (r"\blinalg\.(add|sub|mul|div|max|min|negf)(?=\s+ins)", r"linalg.elementwise <\1>"),
    (r"(iree_linalg_ext\.(?:online_)?attention\s*)\{(.*?)\}(?=\s*ins)", r"\1<{\2}>"),
    (r"(util\.global [^{\n]*)\{(inlining_policy = [^}]*)\}", r"\1<{\2}>"),
)
# An operation of TOSA and its attributes in braces; those of constants stay there.
_TOSA = re.compile(r"(tosa\.(?!const )\w+ [^{}\n]*)\{([^{}\n]*)\}")
_TOSA_ATTRIBUTE = re.compile(r"(\w+) = ((?:[^,{}<>]|<[^>]*>)+)")


def respell(text: str) -> str:
    """MLIR that means the same."""
    for pattern, replacement in _RESPELLINGS:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    return _TOSA.sub(_respell_tosa, text)


def _respell_tosa(match: re.Match[str]) -> str:
    """`op %0 {a = 1 : i32, b = array<i64: 2, 3>}` → `op %0 a(1) b([2, 3])`."""
    attributes = _TOSA_ATTRIBUTE.findall(match[2])
    return match[1] + " ".join(f"{name}({_tosa_value(value.strip())})" for name, value in attributes)


def _tosa_value(value: str) -> str:
    number, _, type_name = value.partition(" : ")
    if type_name == "i1":
        return {"0": "false", "1": "true"}.get(number, number)
    array = re.fullmatch(r"array<i\d+: ([^>]*)>", value)
    if array:
        return f"[{array[1]}]"
    return number if re.fullmatch(r"-?\d+", number) and type_name == "i32" else value
