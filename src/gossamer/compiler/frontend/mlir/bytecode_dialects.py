"""Operations of MLIR bytecode that only the compiler which wrote it can read.

A compiler that knows an operation writes its attributes as a sequence of its own; for one that does not, they
are a dictionary. IREE's compiler knows IREE's operations, and MLIR here would take one form for the other.

Spec: https://mlir.llvm.org/docs/BytecodeFormat, "Dialect Section", from version 5 on.
"""

from __future__ import annotations

from collections.abc import Collection

from gossamer.compiler.frontend.mlir.bytecode_resources import BytecodeCursor, read_sections, read_strings
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError
from gossamer.versions import MLIR_BYTECODE_PROPERTIES_VERSION

_STRINGS, _DIALECTS = 0, 1


def check_dialects(data: bytes, foreign: Collection[str]) -> None:
    """Check that no operation of some dialects is written in a form of its own.

    Args:
        data: MLIR bytecode.
        foreign: names of dialects that MLIR here does not know.
    Raises: CompileError naming the operations.
    """
    version, sections = read_sections(data)
    found = {section.identifier: section.data for section in sections}
    if version < MLIR_BYTECODE_PROPERTIES_VERSION or _STRINGS not in found or _DIALECTS not in found:
        return
    strings = [text.decode(errors="replace") for text in read_strings(found[_STRINGS])]
    cursor = BytecodeCursor(found[_DIALECTS])
    dialects: list[str] = []
    for _ in range(cursor.varint()):
        name = cursor.varint()
        dialects.append(strings[name >> 1])
        if name & 1:
            _skip_section(cursor)
    cursor.varint()
    unreadable: list[str] = []
    while cursor.position < len(cursor.data):
        dialect = dialects[cursor.varint()]
        for _ in range(cursor.varint()):
            name = cursor.varint()
            if name & 1 and dialect in foreign:
                unreadable.append(f"{dialect}.{strings[name >> 1]}")
    if unreadable:
        message = f"bytecode has {', '.join(unreadable)} in a form that only IREE's own compiler reads"
        hint = "write it as text: iree-ir-tool copy program.mlirbc -o program.mlir"
        raise CompileError([Diagnostic(message, hint=hint)])


def _skip_section(cursor: BytecodeCursor) -> None:
    cursor.byte()
    cursor.take(cursor.varint())
