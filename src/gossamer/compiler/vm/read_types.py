"""Types in text of the vm dialect."""

from __future__ import annotations

import re

from gossamer.compiler.frontend.mlir.syntax.cursor import Cursor, ForeignSyntaxError
from gossamer.compiler.vm import ir

_VALUES = {"i32": ir.I32, "i64": ir.I64, "f32": ir.F32, "f64": ir.F64}
_REF = re.compile(r"!vm\.ref<(![^<>]+(?:<[^<>]*>)?)>")


def read_type(cursor: Cursor) -> ir.Type:
    """A type of a register: `i32`, `!vm.buffer`, `!vm.ref<!hal.buffer>`. Raises: ForeignSyntaxError."""
    piece = cursor.type()
    if piece.text in _VALUES:
        return _VALUES[piece.text]
    if not piece.text.startswith("!"):
        raise ForeignSyntaxError(f"'{piece.text}' is no type of a register", piece.offset)
    return ir.ref(_REF.sub(r"\1", piece.text))


def read_types(cursor: Cursor) -> list[ir.Type]:
    """One type, or several in parentheses."""
    if not cursor.take("("):
        return [read_type(cursor)]
    types: list[ir.Type] = []
    while not cursor.take(")"):
        types.append(read_type(cursor))
        cursor.take(",")
    return types


def convention_of(cursor: Cursor) -> str:
    """Arguments of an import as a calling convention spells them: `(%a : i32, i64 ...)` is `iCID`."""
    convention = ""
    cursor.expect("(")
    while not cursor.take(")"):
        if cursor.peek() == "%":
            cursor.value()
            cursor.expect(":")
        is_group = cursor.take("tuple<")
        types = [read_type(cursor)]
        while is_group and cursor.take(","):
            types.append(read_type(cursor))
        if is_group:
            cursor.expect(">")
        characters = "".join(type.kind.value for type in types)
        convention += f"C{characters}D" if cursor.take("...") else characters
        cursor.take(",")
    return convention
