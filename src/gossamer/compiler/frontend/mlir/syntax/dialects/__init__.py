"""Formats of IREE's operations, one file a dialect; a file is loaded when it is first needed."""

from __future__ import annotations

from importlib import import_module

from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat

DIALECTS = (
    "check",
    "flow",
    "hal",
    "iree_codegen",
    "iree_encoding",
    "iree_linalg_ext",
    "iree_tensor_ext",
    "stream",
    "util",
)
"""Dialects whose operations are looked for in text."""

_FILES = {
    "iree_codegen": "codegen",
    "iree_encoding": "codegen",
    "iree_linalg_ext": "linalg_ext",
    "iree_tensor_ext": "tensor_ext",
}


def find_format(name: str) -> OperationFormat | None:
    """Format of an operation, or None where none is declared."""
    dialect = name.partition(".")[0]
    table: dict[str, OperationFormat] = import_module(f"{__name__}.{_FILES.get(dialect, dialect)}").FORMATS
    return table.get(name)
