"""Which operations share a dispatch.

A dispatch has one root, the operation whose results leave it. Producers join their consumer where that costs
no element more than one computation: the kernel computes an element of a producer each time it asks for one.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.linalg_op import as_linalg
from gossamer.compiler.tensor.operations import operation_of
from gossamer.compiler.tensor.row_values import has_rows, is_row_value, joins_rows, times_computed
from gossamer.compiler.tensor.tensor_op import is_tensor, shape_of
from gossamer.compiler.walk import walk

_SCALAR_DIALECTS = ("arith.", "math.", "index.", "complex.")
_CONSTANTS = ("arith.constant", "complex.constant")


def group_of(root: ir.Operation) -> list[ir.Operation]:
    """The operations of the dispatch that computes `root`, in program order, `root` last.

    Some are free and are to be copied; of the others no result is used outside the group.
    """
    members: dict[ir.Operation, None] = {root: None}
    while producer := _next_producer(root, members):
        members[producer] = None
    return sorted(members, key=_position)


def _next_producer(root: ir.Operation, members: dict[ir.Operation, None]) -> ir.Operation | None:
    reductions = [member for member in members if _is_reduction(member)]
    takes_rows = has_rows(root) and all(_is_row_value(reduction, root) for reduction in reductions)
    for member in members:
        for value in used_values(member):
            producer = _producer(value, member)
            if producer is None or producer in members:
                continue
            if _is_free(producer):
                return producer
            if takes_rows and joins_rows(producer, root, members):
                return producer
            if _is_reduction(producer) and (reductions or not _keeps_reductions_whole(root)):
                continue
            if takes_rows and reductions and times_computed(producer, root, members) > 1:
                continue
            if _gives_elements(producer) and _only_serves(producer, members):
                return producer
    return None


def _is_row_value(reduction: ir.Operation, root: ir.Operation) -> bool:
    linalg = as_linalg(reduction)
    return linalg is not None and is_row_value(linalg, len(shape_of(root.results[0])))


def _keeps_reductions_whole(root: ir.Operation) -> bool:
    """Whether a kernel can compute a reduction below a root by rows or tiles.

    Why: padding and its like ask for each element under a condition. That is one element at a time.
    """
    return as_linalg(root) is not None


def _gives_elements(op: ir.Operation) -> bool:
    """Whether a kernel can compute one element of an operation's result at a time."""
    row = operation_of(op)
    return row is not None and row.is_root and not row.is_whole


def used_values(op: ir.Operation) -> list[ir.Value]:
    """Values an operation takes, those its regions capture included."""
    values: list[ir.Value] = []
    inside: set[ir.Value] = set()
    for nested in walk(op):
        inside.update(nested.results)
        for region in nested.regions:
            for block in region.blocks:
                inside.update(block.arguments)
        values.extend(nested.operands)
    return [value for value in dict.fromkeys(values) if value not in inside]


def _position(op: ir.Operation) -> _Position:
    return _Position(op)


class _Position:
    """Orders operations of a block as the block does; those of other blocks, all constants, come first."""

    def __init__(self, op: ir.Operation) -> None:
        self.op = op

    def __lt__(self, other: _Position) -> bool:
        if self.op.block != other.op.block:
            return self.op.name in _CONSTANTS and other.op.name not in _CONSTANTS
        return self.op != other.op and self.op.is_before_in_block(other.op)


def _producer(value: ir.Value, consumer: ir.Operation) -> ir.Operation | None:
    owner = value.owner
    if isinstance(owner, ir.Block):
        return None
    op = owner.operation
    return op if op.name in _CONSTANTS or op.block == consumer.block else None


def _is_free(op: ir.Operation) -> bool:
    row = operation_of(op)
    # Why: the host has no registers for complex numbers.
    return (row is not None and row.is_free(op)) or reads_tensor(op) or op.name.startswith("complex.")


def reads_tensor(op: ir.Operation) -> bool:
    """Whether an operation computes a scalar from an element of a tensor.

    In a kernel that costs a load; on the host it would have to wait for the tensor.
    """
    if op.name == "tensor.extract":
        return True
    if not op.name.startswith(_SCALAR_DIALECTS) or any(is_tensor(result) for result in op.results):
        return False
    producers = [_producer(operand, op) for operand in op.operands]
    return any(producer is not None and reads_tensor(producer) for producer in producers)


def _is_reduction(op: ir.Operation) -> bool:
    linalg = as_linalg(op)
    return linalg is not None and not linalg.is_elementwise


def _only_serves(producer: ir.Operation, members: dict[ir.Operation, None]) -> bool:
    uses = [use for result in producer.results for use in result.uses]
    return all(use.owner.operation in members and _reads_once(use) for use in uses)


def _reads_once(use: ir.OpOperand) -> bool:
    row = operation_of(use.owner)
    return row is not None and row.reads_once(use)
