"""Which operations share a dispatch.

A dispatch has one root, the operation whose results leave it. Producers join their consumer where that costs
no element more than one computation: the kernel computes an element of a producer each time it asks for one.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import EXTENDED, WHOLE
from gossamer.compiler.tensor.linalg_op import LinalgOp, as_linalg
from gossamer.compiler.tensor.tensor_op import is_tensor
from gossamer.compiler.tensor.walk import walk

ROOTS = EXTENDED | frozenset(
    {
        "linalg.generic",
        "linalg.pack",
        "linalg.unpack",
        "tensor.concat",
        "tensor.extract_slice",
        "tensor.generate",
        "tensor.insert",
        "tensor.insert_slice",
        "tensor.pad",
    }
)
"""Operations that a dispatch can compute."""

_FREE = frozenset({"tensor.cast", "tensor.empty", "tensor.extract_slice", "tensor.splat"})
"""Operations that cost a kernel nothing but index arithmetic."""

_SCALAR_DIALECTS = ("arith.", "math.", "index.")

_READ_ONCE = WHOLE | frozenset(
    {
        "linalg.pack",
        "linalg.unpack",
        "tensor.cast",
        "tensor.concat",
        "tensor.extract_slice",
        "tensor.insert",
        "tensor.insert_slice",
        "tensor.pad",
    }
)
"""Operations that ask for each element of an operand at most once."""


def group_of(root: ir.Operation) -> list[ir.Operation]:
    """The operations of the dispatch that computes `root`, in program order, `root` last.

    Some are free and are to be copied; of the others no result is used outside the group.
    """
    members: dict[ir.Operation, None] = {root: None}
    while producer := _next_producer(members):
        members[producer] = None
    return sorted(members, key=_position)


def _next_producer(members: dict[ir.Operation, None]) -> ir.Operation | None:
    reduces = any(_is_reduction(member) for member in members)
    for member in members:
        for value in used_values(member):
            producer = _producer(value, member)
            if producer is None or producer in members:
                continue
            if _is_free(producer):
                return producer
            if reduces and _is_reduction(producer):
                continue
            if producer.name in ROOTS - WHOLE and _only_serves(producer, members):
                return producer
    return None


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


def is_fill(linalg: LinalgOp) -> bool:
    """Whether an operation gives one scalar to all elements."""
    yielded = _bare_yield(linalg)
    if yielded is None or not linalg.is_elementwise or len(linalg.inits) != 1:
        return False
    if isinstance(yielded, ir.BlockArgument) and yielded.owner == linalg.body:
        return not is_tensor(linalg.op.operands[yielded.arg_number])
    return True


def _position(op: ir.Operation) -> _Position:
    return _Position(op)


class _Position:
    """Orders operations of a block as the block does; those of other blocks, all constants, come first."""

    def __init__(self, op: ir.Operation) -> None:
        self.op = op

    def __lt__(self, other: _Position) -> bool:
        if self.op.block != other.op.block:
            return self.op.name == "arith.constant" and other.op.name != "arith.constant"
        return self.op != other.op and self.op.is_before_in_block(other.op)


def _producer(value: ir.Value, consumer: ir.Operation) -> ir.Operation | None:
    owner = value.owner
    if isinstance(owner, ir.Block):
        return None
    op = owner.operation
    return op if op.name == "arith.constant" or op.block == consumer.block else None


def _is_free(op: ir.Operation) -> bool:
    if op.name == "arith.constant":
        value = op.attributes["value"]
        return not isinstance(value, ir.DenseElementsAttr) or value.is_splat
    linalg = as_linalg(op)
    if linalg is not None:
        return is_fill(linalg) or _only_moves(linalg)
    return op.name in _FREE or reads_tensor(op)


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


def _only_moves(linalg: LinalgOp) -> bool:
    return linalg.is_elementwise and _bare_yield(linalg) is not None


def _bare_yield(linalg: LinalgOp) -> ir.Value | None:
    operations = list(linalg.body.operations)
    return operations[0].operands[0] if len(operations) == 1 and len(linalg.inits) == 1 else None


def _only_serves(producer: ir.Operation, members: dict[ir.Operation, None]) -> bool:
    uses = [use for result in producer.results for use in result.uses]
    return all(use.owner.operation in members and _reads_once(use) for use in uses)


def _reads_once(use: ir.OpOperand) -> bool:
    consumer = use.owner.operation
    linalg = as_linalg(consumer)
    if linalg is None:
        return consumer.name in _READ_ONCE
    if use.operand_number >= linalg.input_count:
        return True
    return linalg.maps[use.operand_number].is_permutation
