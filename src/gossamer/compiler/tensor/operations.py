"""The table of tensor operations: one row for each, with all that more than one place has to know of it.

What only one phase does with an operation is code of that phase, found by the operation's name: its host form
(`flow/host_ops.py`), its element in a kernel (`codegen/element_rules.py`).
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.resources import is_resource
from gossamer.compiler.tensor import shape_rules
from gossamer.compiler.tensor.extended_op import DIALECT
from gossamer.compiler.tensor.linalg_op import GENERIC, LinalgOp
from gossamer.compiler.tensor.operation import TensorOperation, always


def _is_free_constant(op: ir.Operation) -> bool:
    """A number, or a tensor of one number; others are data that kernels read."""
    value = op.attributes["value"]
    if isinstance(value, ir.DenseElementsAttr):
        return value.is_splat
    return not is_resource(value)


def _is_free_linalg(op: ir.Operation) -> bool:
    linalg = LinalgOp(op)
    return linalg.is_fill or linalg.only_moves


def _linalg_reads_once(use: ir.OpOperand) -> bool:
    return LinalgOp(use.owner.operation).reads_once(use.operand_number)


def _whole(kind: str) -> TensorOperation:
    """An operation that linalg has no form for and that computes all elements together."""
    return TensorOperation(
        f"{DIALECT}.{kind}",
        shape_rules.extended_init,
        is_root=True,
        is_whole=True,
        reads_once=always,
        label=kind,
        synonyms=(f"tm_tensor.{kind}",),
    )


_ROWS = (
    TensorOperation("arith.constant", is_free=_is_free_constant),
    TensorOperation("flow.dispatch", shape_rules.dispatch),
    TensorOperation("flow.tensor.clone", shape_rules.first_operand),
    TensorOperation("flow.tensor.empty", shape_rules.operands),
    TensorOperation("flow.tensor.reshape", shape_rules.operands_after_first),
    TensorOperation("flow.tensor.splat", shape_rules.operands_after_first),
    TensorOperation("flow.tensor.update", shape_rules.first_operand),
    TensorOperation(f"{DIALECT}.gather", shape_rules.extended_init, is_root=True, label="gather"),
    _whole("scan"),
    _whole("scatter"),
    _whole("sort"),
    TensorOperation(
        GENERIC, shape_rules.linalg_init, is_root=True, is_free=_is_free_linalg, reads_once=_linalg_reads_once
    ),
    TensorOperation("linalg.pack", shape_rules.second_operand, is_root=True, reads_once=always),
    TensorOperation("linalg.unpack", shape_rules.second_operand, is_root=True, reads_once=always),
    TensorOperation("tensor.bitcast", shape_rules.first_operand),
    TensorOperation("tensor.cast", shape_rules.first_operand, is_free=always, reads_once=always),
    TensorOperation("tensor.collapse_shape", shape_rules.collapse_shape),
    TensorOperation("tensor.concat", shape_rules.concat, is_root=True, reads_once=always),
    TensorOperation("tensor.empty", shape_rules.operands, is_free=always),
    TensorOperation("tensor.expand_shape", shape_rules.operands_after_first),
    TensorOperation("tensor.extract", is_free=always),
    TensorOperation(
        "tensor.extract_slice", shape_rules.extract_slice, is_root=True, is_free=always, reads_once=always
    ),
    TensorOperation("tensor.from_elements"),
    TensorOperation("tensor.generate", shape_rules.operands, is_root=True),
    TensorOperation("tensor.insert", shape_rules.second_operand, is_root=True, reads_once=always),
    TensorOperation("tensor.insert_slice", shape_rules.second_operand, is_root=True, reads_once=always),
    TensorOperation("tensor.pad", shape_rules.pad, is_root=True, reads_once=always),
    TensorOperation("tensor.reshape", shape_rules.reshape),
    TensorOperation(
        "tensor.splat", shape_rules.operands_after_first, is_root=True, is_free=always, label="splat"
    ),
)

OPERATIONS = {row.name: row for row in _ROWS}
"""Every row, by the operation's name."""


def operation_of(op: ir.Operation | ir.OpView) -> TensorOperation | None:
    """The row of an operation, None where it is no tensor operation."""
    return OPERATIONS.get(op.name)
