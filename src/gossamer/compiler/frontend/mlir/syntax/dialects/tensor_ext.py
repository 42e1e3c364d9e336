"""The iree_tensor_ext dialect: what dispatch bodies load and store."""

from __future__ import annotations

from gossamer.compiler.frontend.mlir.syntax.adjustments import typed
from gossamer.compiler.frontend.mlir.syntax.assembly_format import OperationFormat, format_table

_RANGE = "'offsets' '=' indices(offsets) ',' 'sizes' '=' indices(sizes) ',' 'strides' '=' indices(strides)"

FORMATS = format_table(
    OperationFormat(
        "iree_tensor_ext.dispatch.tensor.load",
        f"%source ',' {_RANGE} attr-dict ':' shaped(source) '->' type(result) => result",
    ),
    OperationFormat(
        "iree_tensor_ext.dispatch.tensor.store",
        f"%value ',' %target ',' {_RANGE} attr-dict ':' type(value) '->' shaped(target)",
    ),
    OperationFormat(
        "iree_tensor_ext.dispatch.workgroup_count_from_slice",
        "( '(' %workload* ')' )? attr-dict => =index, =index, =index",
        adjust=typed("index", "workload"),
    ),
    OperationFormat(
        "iree_tensor_ext.dispatch.workload.ordinal",
        "%operand ',' $ordinal:index attr-dict ':' type(operand) => operand",
    ),
    OperationFormat(
        "iree_tensor_ext.compute_barrier.start",
        "%value ':' shaped(value) attr-dict '->' type(result) => result",
    ),
    OperationFormat(
        "iree_tensor_ext.compute_barrier.end",
        "%value ':' shaped(value) attr-dict '->' type(result) => result",
    ),
)
