"""The stream dialect: only what programs meant for earlier phases may hold."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat, format_table

FORMATS = format_table(
    OperationFormat("stream.return", "attr-dict ( %operands* ':' types(operands) )?"),
)
