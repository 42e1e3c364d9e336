"""Names of arguments: kept from the source for those who call a function by keyword.

    func.func @step(%chunk: tensor<512xf32>, %arg1: i32, %2: i32 loc("gain"))
    gossamer.arguments = "chunk,,gain"

MLIR forgets the names of values when it parses, but arguments know where they stood, or are named by a
location. The names go into the function's reflection beside `iree.abi.declaration`, which stays as IREE
writes it; IREE's runtime reads past what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gossamer.abi.declaration import NAME_ATTR
from gossamer.compiler.frontend.reflection import is_entry_point, record_names
from gossamer.compiler.mlir import ir

_WRITTEN_NAME = re.compile(rb"%([A-Za-z_]\w*)\s*:")
_NAME = re.compile(r"[A-Za-z_]\w*")
_MADE_UP = re.compile(r"arg\d+|input\d+")
"""How MLIR and IREE call arguments without a name."""

_BUFFER = "-"
"""File name in the locations of what is parsed from memory."""


def keep_argument_names(module: ir.Module, text: str = "") -> None:
    """Record the names of arguments in the reflection of public functions.

    Args:
        module: just parsed; functions that have a record keep it.
        text: that it was parsed from, where it was text.
    """
    lines = text.encode().split(b"\n")
    for operation in module.body.operations:
        op = operation.operation
        if is_entry_point(op):
            names = [_name(argument, lines) for argument in op.regions[0].blocks[0].arguments]
            if any(names):
                record_names(op, _without_given_names(op, names))


def _name(argument: ir.Value, lines: Sequence[bytes]) -> str:
    location = argument.location
    if isinstance(location, ir.NameLoc):
        return location.name_str if _NAME.fullmatch(location.name_str) else ""
    if not isinstance(location, ir.FileLineColLoc) or location.filename != _BUFFER:
        return ""
    line, column = location.start_line - 1, location.start_col - 1
    written = _WRITTEN_NAME.match(lines[line], column) if line < len(lines) else None
    name = written[1].decode() if written else ""
    return "" if _MADE_UP.fullmatch(name) else name


def _without_given_names(op: ir.Operation, names: list[str]) -> list[str]:
    """Names but for those that callers know by `iree.abi.name`, and for a second one of a kind."""
    if "arg_attrs" in op.attributes:
        given = [NAME_ATTR in ir.DictAttr(attr) for attr in ir.ArrayAttr(op.attributes["arg_attrs"])]
        names = ["" if is_given else name for name, is_given in zip(names, given, strict=True)]
    return [name if name not in names[:index] else "" for index, name in enumerate(names)]
