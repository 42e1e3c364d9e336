"""Spells operations as the compiler of the wheels does, where a checkout is older than they are."""

from __future__ import annotations

import re

_RESPELLINGS = (
    (r"\blinalg\.(add|sub|mul|div|max|min|negf)(?=\s+ins)", r"linalg.elementwise <\1>"),
    (r"(iree_linalg_ext\.(?:online_)?attention\s*)\{(.*?)\}(?=\s*ins)", r"\1<{\2}>"),
    (r"(util\.global [^{\n]*)\{(inlining_policy = [^}]*)\}", r"\1<{\2}>"),
    (r"(tosa\.arithmetic_right_shift [^{\n]*)\{round = (?:1 : i1|true)\}", r"\1round(true)"),
    (r"(tosa\.arithmetic_right_shift [^{\n]*)\{round = (?:0 : i1|false)\}", r"\1round(false)"),
)


def respell(text: str) -> str:
    """MLIR that means the same."""
    for pattern, replacement in _RESPELLINGS:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL)
    return text
