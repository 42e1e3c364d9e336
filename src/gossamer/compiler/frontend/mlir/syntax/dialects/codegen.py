"""The iree_encoding and iree_codegen dialects: layouts, and hints for code generation."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.adjustments import typed
from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat, format_table

FORMATS = format_table(
    OperationFormat(
        "iree_encoding.set_encoding",
        "%source ( 'encoding_dims' '{' %dims* '}' )? attr-dict ':' type(source) '->' type(result) => result",
        adjust=typed("index", "dims"),
    ),
    OperationFormat(
        "iree_encoding.unset_encoding",
        "%source ( 'encoding_dims' '{' %encoding_dims* '}' )? attr-dict ':' type(source) '->' shaped(result) "
        "=> result",
        adjust=typed("index", "encoding_dims"),
    ),
    OperationFormat(
        "iree_codegen.extract_strided_metadata",
        "%source attr-dict ':' type(source) '->' types(results) => results",
    ),
)
