"""Choices between whole tensors are branches.

`arith.select` with one condition for whole tensors is what canonicalisation makes of `scf.if` and
`cf.cond_br` whose sides compute nothing. Its sides may differ in size, so it must not become an
elementwise operation, and no side need be read that is not taken. It is hidden while passes run, and becomes
blocks at the end:

    %r = arith.select %c, %a, %b : tensor<?xf32>       cf.cond_br %c, ^after(%a), ^after(%b)
    ...                                           =>  ^after(%r: tensor<?xf32>):
                                                        ...
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.tensor_op import is_tensor
from gossamer.compiler.walk import find, replace_operation

_SELECT = "arith.select"
_HIDDEN = "gossamer.select"


def hide_choices(module: ir.Module) -> None:
    """Keep passes from what they would make of choices between tensors."""
    for op in find(module.operation, _SELECT):
        if _is_choice(op):
            replace_operation(op, _HIDDEN, {})


def branch_on_choices(module: ir.Module) -> None:
    """Turn choices into branches; control flow must be `cf` already."""
    choices = [op for op in find(module.operation, _SELECT) if _is_choice(op)]
    for op in [*choices, *find(module.operation, _HIDDEN)]:
        if any(True for _ in op.result.uses):
            _branch(op)
        op.erase()


def _is_choice(op: ir.Operation) -> bool:
    return is_tensor(op.result) and not is_tensor(op.operands[0])


def _branch(op: ir.Operation) -> None:
    """Split the block behind a choice, whose result becomes the argument of the second half."""
    block = op.block
    type = op.result.type
    after = block.create_after(type, arg_locs=[op.location])
    following = [view.operation for view in block.operations]
    for later in following[following.index(op) + 1 :]:
        after.append(later)
    condition, if_true, if_false = op.operands
    ir.Operation.create(
        "cf.cond_br",
        operands=[condition, if_true, if_false],
        successors=[after, after],
        attributes={"operandSegmentSizes": ir.DenseI32ArrayAttr.get([1, 1, 1])},
        loc=op.location,
        ip=ir.InsertionPoint(op),
    )
    op.result.replace_all_uses_with(after.arguments[0])
