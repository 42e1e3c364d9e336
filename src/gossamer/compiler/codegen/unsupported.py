"""The error for what kernels cannot contain."""

from __future__ import annotations

from gossamer.compiler.mlir import ir, source_location
from gossamer.diagnostics import Diagnostic
from gossamer.errors import CompileError


def unsupported(op: ir.Operation, message: str, hint: str = "") -> CompileError:
    """The error for an operation that kernels cannot contain.

    Args:
        op: where the user is pointed to.
        message: what is wrong.
        hint: what to do about it, if anything is known.
    """
    return CompileError([Diagnostic(message, source_location(op.location), hint=hint)])
