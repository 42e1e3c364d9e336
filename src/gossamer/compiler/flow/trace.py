"""Traces of dispatches: what they get and give is printed when they run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gossamer.compiler.flow.outline import Dispatch
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.executable import Executable
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.tensor.tensor_op import is_tensor
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError

EVERY_DISPATCH = "*"
_ORDINAL = re.compile(r"@(?P<function>.+):(?P<ordinal>\d+)")


def trace_dispatches(
    formed: Sequence[tuple[ir.Operation, Sequence[Dispatch]]],
    executables: Mapping[str, Executable],
    wanted: str,
) -> None:
    """Put a `flow.tensor.trace` before and after dispatches.

    Args:
        formed: each host function with its dispatches, which bear the names of their executables.
        executables: by name.
        wanted: `EVERY_DISPATCH`; `@function:2` for a dispatch of a function by its number; or the name of an
            executable, of its function, or of both with `::` between, for each dispatch of it.
    Raises: CompileError where there is none that is named.
    """
    found = list(_find(formed, executables, wanted))
    if not found and wanted != EVERY_DISPATCH:
        names = ", ".join(executables) or "none"
        raise CompileError([Diagnostic(f"there is no dispatch '{wanted}' to trace (there are {names})")])
    for dispatch, key in found:
        op = dispatch.op
        _trace(f"{key} inputs", [each for each in op.operands if is_tensor(each)], ir.InsertionPoint(op), op)
        _trace(f"{key} outputs", list(op.results), ir.InsertionPoint.after(op), op)


def _find(
    formed: Sequence[tuple[ir.Operation, Sequence[Dispatch]]],
    executables: Mapping[str, Executable],
    wanted: str,
) -> Iterator[tuple[Dispatch, str]]:
    by_ordinal = _ORDINAL.fullmatch(wanted)
    for function, dispatches in formed:
        symbol = ir.StringAttr(function.attributes["sym_name"]).value
        for ordinal, dispatch in enumerate(dispatches):
            executable = executables[ir.FlatSymbolRefAttr(dispatch.op.attributes["executable"]).value]
            names = executable.name, executable.export_name
            key = "::".join(names)
            if by_ordinal and (symbol, str(ordinal)) == by_ordinal.groups():
                yield dispatch, f"{key}::{ordinal}"
            elif wanted in (EVERY_DISPATCH, key, *names):
                yield dispatch, key


def _trace(key: str, tensors: Sequence[ir.Value], at: ir.InsertionPoint, op: ir.Operation) -> None:
    attributes: dict[str, ir.Attribute] = {"key": ir.StringAttr.get(key)}
    IndexBuilder(at, op.location).op("flow.tensor.trace", list(tensors), [], attributes)
