"""The iree_linalg_ext dialect: tensor operations that linalg has no form for."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat, format_table

_STRUCTURED = (
    *("arg_compare", "attention", "exp_reduction", "fft", "gather", "im2col", "online_attention", "pack"),
    *("scan", "scatter", "sort", "topk", "topk_v2", "unpack"),
    *("winograd.filter_transform", "winograd.input_transform", "winograd.output_transform"),
)

FORMATS = format_table(
    OperationFormat("iree_linalg_ext.yield", "attr-dict ( %operands* ':' types(operands) )?"),
    *(
        OperationFormat(
            f"iree_linalg_ext.{name}",
            "attr-dict clauses attr-dict ( 'ins' group(inputs) )? 'outs' group(outputs) "
            "( 'index_base' group(index_base) )? ( region )? ( '->' types(results) )? => results",
        )
        for name in _STRUCTURED
    ),
    OperationFormat(
        "iree_linalg_ext.custom_op",
        "attr-dict ( 'ins' group(inputs) )? 'outs' group(outputs) region '->' types(results) => results",
    ),
    *(
        OperationFormat(
            f"iree_linalg_ext.{name}",
            "%input 'into' %output attr-dict region ':' type(input) 'into' type(output) "
            "( '->' types(results) )? => results",
        )
        for name in ("map_gather", "map_load", "map_scatter", "map_store")
    ),
)
