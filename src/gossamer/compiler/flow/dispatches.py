"""Dispatch formation: tensor arithmetic leaves the host functions for executables."""

from __future__ import annotations

from collections.abc import Iterator

from gossamer.compiler.flow.collapse import collapse
from gossamer.compiler.flow.fusion import group_of
from gossamer.compiler.flow.host_ops import lower_on_host
from gossamer.compiler.flow.outline import Dispatch, outline
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.operations import operation_of
from gossamer.compiler.tensor.shapes import Shapes
from gossamer.compiler.walk import find

_SIDE_EFFECT_FREE = (
    "arith.",
    "math.",
    "tensor.",
    "linalg.",
    "complex.",
    "index.",
    "affine.",
    "flow.tensor.",
    "iree_linalg_ext.",
)


def form_dispatches(function: ir.Operation) -> list[Dispatch]:
    """Outline all tensor arithmetic of a function.

    Returns: dispatches in program order.
    """
    resolve_dims(function)
    dispatches: list[Dispatch] = []
    for block in reversed(list(blocks_of(function))):
        dispatches.extend(_form_in_block(block))
    dispatches.reverse()
    return dispatches


def resolve_dims(function: ir.Operation) -> None:
    """Replace each `tensor.dim` by the index that decided it, as near to the arguments as is known."""
    for op in find(function, "tensor.dim"):
        tensor, dim = op.operands
        number = _constant(dim)
        if number is None:
            continue
        shapes = host_shapes(op)
        size = shapes.dims(tensor)[number]
        op.result.replace_all_uses_with(shapes.builder.value(size))
        op.erase()


def host_shapes(before: ir.Operation) -> Shapes:
    """Shapes whose arithmetic goes before an operation of a host function."""
    builder = IndexBuilder(ir.InsertionPoint(before), before.location)

    def leaf(tensor: ir.Value, dim: int) -> Index:
        return builder.op("tensor.dim", [tensor, builder.value(dim)], [builder.index_type]).result

    return Shapes(builder, leaf)


def blocks_of(op: ir.Operation) -> Iterator[ir.Block]:
    """Blocks of an operation and of control flow inside it, in program order; no bodies of tensor ops."""
    for region in op.regions:
        for block in region.blocks:
            yield block
            for nested in list(block.operations):
                if nested.operation.name.startswith(("scf.", "cf.")):
                    yield from blocks_of(nested.operation)


def _form_in_block(block: ir.Block) -> list[Dispatch]:
    dispatches: list[Dispatch] = []
    for view in reversed(list(block.operations)):
        op = view.operation
        if _is_dead(op):
            op.erase()
            continue
        shapes = host_shapes(op)
        if lower_on_host(op, shapes):
            op.erase()
        elif (row := operation_of(op)) is not None and row.is_root:
            group = group_of(op)
            flat = collapse(group, shapes)
            if flat is not None:
                op.erase()
                op, group = flat, group_of(flat)
            dispatches.append(outline(group, host_shapes(op)))
            op.erase()
    return dispatches


def _is_dead(op: ir.Operation) -> bool:
    if not op.name.startswith(_SIDE_EFFECT_FREE) or not op.results:
        return False
    return not any(True for result in op.results for _ in result.uses)


def _constant(value: ir.Value) -> int | None:
    owner = value.owner
    if isinstance(owner, ir.Block) or owner.name != "arith.constant":
        return None
    return ir.IntegerAttr(owner.attributes["value"]).value
