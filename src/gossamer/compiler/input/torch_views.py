"""Views that leave one size to be computed, of tensors with several unknown ones, in two steps.

    [?, ?, 2] viewed as [-1, 2]    =>    flattened to [?], and that viewed as [-1, 2]

The library's lowering pairs the dimensions of both sides, and takes unknown ones that are left over for 1.
"""

from __future__ import annotations

from gossamer.compiler.mlir import ir
from gossamer.compiler.walk import find

_VIEWS = ("torch.aten.view", "torch.aten.reshape", "torch.aten._unsafe_view")
_UNKNOWN = "?"
_COMPUTED = -1


def flatten_before_views(module: ir.Module) -> None:
    """Rewrite the operations of a module in place; before Torch's own passes."""
    for op in find(module.operation, *_VIEWS):
        operand, wanted = op.operands
        sizes, _, element = str(operand.type).partition("[")[2].partition("]")
        if sizes.count(_UNKNOWN) < 2 or not _is_computed(wanted):
            continue
        with ir.InsertionPoint(op), op.location:
            ends = [_integer(value) for value in (0, -1)]
            flat = ir.Type.parse(f"!torch.vtensor<[?]{element}")
            op.operands[0] = ir.Operation.create(
                "torch.aten.flatten.using_ints", [flat], [operand, *ends]
            ).result


def _is_computed(sizes: ir.Value) -> bool:
    """Whether one of the sizes is to be computed, and all others are numbers."""
    owner = sizes.owner
    if isinstance(owner, ir.Block) or owner.name != "torch.prim.ListConstruct":
        return False
    values = [_constant(size) for size in owner.operands]
    return _COMPUTED in values and None not in values


def _constant(value: ir.Value) -> int | None:
    owner = value.owner
    if isinstance(owner, ir.Block) or owner.name != "torch.constant.int":
        return None
    return ir.IntegerAttr(owner.attributes["value"]).value


def _integer(value: int) -> ir.Value:
    type, number = ir.Type.parse("!torch.int"), ir.IntegerAttr.get(ir.IntegerType.get_signless(64), value)
    return ir.Operation.create("torch.constant.int", [type], attributes={"value": number}).result
