"""IREE's own dialects in their pretty form, rewritten to MLIR's generic form.

In: MLIR text. Out: text that an MLIR without IREE's dialects parses, line for line, and a map back to the
columns the user wrote. The wheel's parser does all else; `input` is next. Formats are declared in
`dialects/`, after the assembly formats of `iree/compiler/Dialect/*/IR/*Ops.td`.
"""

from gossamer.compiler.frontend.mlir.syntax.dialects import DIALECTS
from gossamer.compiler.frontend.mlir.syntax.rewriter import RewrittenText, needs_rewriting, rewrite

__all__ = ["DIALECTS", "RewrittenText", "needs_rewriting", "rewrite"]
