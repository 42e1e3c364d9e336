"""Files that are taken for modules: what they are instead, and what to do with them."""

from __future__ import annotations

_MAGICS = (
    (b"ML\xefR", "MLIR bytecode, not a module; compile it first"),
    (b"\x7fELF", "a shared object; a module in C is loaded by a path that ends in .so"),
    (b"IRPA", "an archive of parameters, not a module"),
    (b"GGUF", "a file of parameters, not a module"),
)
_LOOKED_AT = 4096
_MLIR_WORDS = (b"builtin.module", b"func.func", b"module @", b"util.func", b"vm.module")
_PYTHON_WORDS = (b"import ", b"def ", b"class ")


def describe_other_file(data: memoryview) -> str | None:
    """What bytes that are no module look like, and what to do; None where nothing is known of them."""
    start = bytes(data[:_LOOKED_AT])
    for magic, description in _MAGICS:
        if start.startswith(magic):
            return description
    if b"\0" in start:
        return None
    if any(word in start for word in _MLIR_WORDS) or start.lstrip().startswith(b"module"):
        return "MLIR text, not a module; compile it first"
    if any(line.startswith(_PYTHON_WORDS) for line in start.splitlines()):
        return "Python source; a module in Python is given as a class"
    return None
