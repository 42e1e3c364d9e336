"""Parses a source into an MLIR module."""

from __future__ import annotations

from dataclasses import replace

from gossamer.compiler import mlir, syntax
from gossamer.compiler.mlir import ir
from gossamer.compiler.source import Source
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


def load(source: Source) -> ir.Module:
    """Parse and verify a program.

    Args:
        source: gets `positions` where its text is rewritten for MLIR's parser.
    Raises: CompileError, still in terms of the text that MLIR's parser saw: see `Source.explain`.
    """
    context = mlir.make_context()
    if source.is_bytecode:
        return mlir.parse(source.data, context)
    text = source.text
    if syntax.needs_rewriting(text):
        rewritten = syntax.rewrite(text, source.name)
        source.positions = rewritten.source_position
        text = rewritten.text
    try:
        return mlir.parse(text, context)
    except CompileError as error:
        raise CompileError([_with_hint(diagnostic) for diagnostic in error.diagnostics]) from None


_HINTS = {
    "is unknown (tried": "IREE's operations without declared syntax are accepted in generic form",
    "dialect 'stablehlo' not found": "",
}


def _with_hint(diagnostic: Diagnostic) -> Diagnostic:
    for part, hint in _HINTS.items():
        if part in diagnostic.message and not diagnostic.hint:
            return replace(diagnostic, hint=hint)
    return diagnostic
