"""The error for what kernels cannot contain."""

from __future__ import annotations

from gossamer.compiler.mlir import ir, source_location
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


def unsupported(op: ir.Operation, message: str, hint: str = "") -> CompileError:
    """The error for an operation that kernels cannot contain."""
    return CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
