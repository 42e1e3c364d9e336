"""Parses a source into an MLIR module."""

from __future__ import annotations

import re
from dataclasses import replace

from gossamer.compiler import mlir
from gossamer.compiler.frontend.mlir import syntax
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
    if any(name in source.data for name in _FRAMEWORK_NAMES):
        mlir.add_frameworks(context)
    if source.is_bytecode and _PORTABLE_ARTIFACT in source.data[:64]:
        return mlir.parse_portable_artifact(source.data, context)
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
        raise CompileError([_clarified(diagnostic) for diagnostic in error.diagnostics]) from None


_PORTABLE_ARTIFACT = b"StableHLO_v"
_FRAMEWORK_NAMES = (b"stablehlo", b"StableHLO", b"chlo.", b"torch.")
_UNKNOWN_DIALECT = re.compile(r"Dialect `(?P<dialect>\w+)' not found for custom op '(?P<op>[\w.]+)'")


def _clarified(diagnostic: Diagnostic) -> Diagnostic:
    """MLIR's parser lists the dialects it knows; what matters is the operation that it does not."""
    match = _UNKNOWN_DIALECT.match(diagnostic.message)
    if match is None:
        return diagnostic
    if match["dialect"] in syntax.DIALECTS:
        hint = "IREE's operations without declared syntax are accepted in generic form"
    else:
        hint = f"the dialect '{match['dialect']}' is not known; lower its operations before compiling"
    return replace(diagnostic, message=f"unknown operation '{match['op']}'", hint=hint, notes=())
