"""Files that are taken for modules: what they are instead, and what to do with them."""

from __future__ import annotations

import re

_MAGICS = (
    (b"ML\xefR", "MLIR bytecode, not a module; compile it first"),
    (b"\x7fELF", "a shared object; a module in C is loaded by a path that ends in .so"),
    (b"\xcf\xfa\xed\xfe", "a shared object of macOS; a module in C is loaded by a path that ends in .dylib"),
    (b"MZ", "a program or library of Windows, not a module"),
    (b"\x93NUMPY", "an array of NumPy, not a module"),
    (b"IRPA", "an archive of parameters, not a module"),
    (b"GGUF", "a file of parameters, not a module"),
)
_LOOKED_AT = 4096
_MLIR_LINE = re.compile(
    rb"^\s*([#!]\w+ = \S|module\s*(@|attributes|\{)|\"?(builtin\.module|(func|util|vm|ml_program)\.))",
    re.MULTILINE,
)
_PYTHON_LINE = re.compile(
    rb"^(#!.*python|import \w|from [\w.]+ import |def \w+\(|class \w+[(:])", re.MULTILINE
)


def is_mlir_text(data: bytes) -> bool:
    """True for what looks like a program."""
    return _MLIR_LINE.search(data) is not None


def describe_other_file(data: memoryview) -> str | None:
    """What bytes that are no module look like, and what to do; None where nothing is known of them."""
    start = bytes(data[:_LOOKED_AT])
    for magic, description in _MAGICS:
        if start.startswith(magic):
            return description
    if b"\0" in start:
        return None
    if is_mlir_text(start):
        return "MLIR text, not a module; compile it first"
    if _PYTHON_LINE.search(start):
        return "Python source; a module in Python is given as a class"
    return "text, not a module" if start.isascii() and start.strip() else None
