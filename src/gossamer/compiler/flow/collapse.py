"""Rank of elementwise dispatches: where all operands have one layout, one loop over all elements serves.

    %1 = absf of %0 : tensor<8x4xf32>       %a = reshape %0 : tensor<32xf32>
                                            %b = absf of %a : tensor<32xf32>
                                            %1 = reshape %b : tensor<8x4xf32>

The reshapes are the host's and cost nothing.
"""

from __future__ import annotations

from gossamer.compiler.flow.host_ops import reshape
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.linalg_op import LinalgOp, as_linalg, is_identity
from gossamer.compiler.tensor.shapes import Shapes

_WITHOUT_LAYOUT = ("arith.constant", "tensor.empty")
"""What a group may have beside its root: scalars, and memory to write to, of which the copy makes its own."""


def collapse(group: list[ir.Operation], shapes: Shapes) -> ir.Operation | None:
    """Replace a group's root by the same operation on one-dimensional tensors.

    Args:
        group: what would be one dispatch; only an elementwise root without fused producers is replaced.
        shapes: its builder appends before the root.
    Returns: the new root; the uses of the old one's results use reshapes of its results. None where the
        operation has to stay as it is.
    """
    *others, root = group
    linalg = as_linalg(root)
    if linalg is None or not _is_uniform(linalg) or any(op.name not in _WITHOUT_LAYOUT for op in others):
        return None
    total = shapes.builder.product(shapes.dims(root.results[0]))
    flat = _flat_copy(linalg, total, shapes)
    for old, new in zip(root.results, flat.results, strict=True):
        shaped = reshape(new, old.type, shapes.dynamic_dims(old), shapes.builder)
        old.replace_all_uses_with(shaped)
    return flat


def _is_uniform(linalg: LinalgOp) -> bool:
    if linalg.loop_count < 2 or not linalg.is_elementwise or linalg.uses_index():
        return False
    operands = list(linalg.op.operands)
    return all(is_identity(map) for map in linalg.init_maps) and all(
        is_identity(map) or not isinstance(operand.type, ir.ShapedType)
        for map, operand in zip(linalg.maps, operands, strict=True)
    )


def _flat_copy(linalg: LinalgOp, total: Index, shapes: Shapes) -> ir.Operation:
    build = shapes.builder
    size = total if isinstance(total, int) else ir.ShapedType.get_dynamic_size()
    dims = [] if isinstance(total, int) else [total]

    def flat_type(type: ir.Type) -> ir.Type:
        return ir.RankedTensorType.get([size], ir.RankedTensorType(type).element_type, loc=build.location)

    identity = ir.AffineMap.get_identity(1, build.location.context)
    scalar = ir.AffineMap.get(1, 0, [], build.location.context)
    operands: list[ir.Value] = []
    maps: list[ir.Attribute] = []
    for position, operand in enumerate(linalg.op.operands):
        shaped = isinstance(operand.type, ir.ShapedType)
        maps.append(ir.AffineMapAttr.get(identity if shaped else scalar))
        argument = linalg.body.arguments[position]
        if not shaped:
            operands.append(operand)
        elif position >= linalg.input_count and not any(True for _ in argument.uses):
            operands.append(build.op("tensor.empty", dims, [flat_type(operand.type)]).result)
        else:
            operands.append(reshape(operand, flat_type(operand.type), dims, build))
    copy = linalg.op.clone(build.at).operation
    for position, operand in enumerate(operands):
        copy.operands[position] = operand
    for result in copy.results:
        result.set_type(flat_type(result.type))
    copy.attributes["indexing_maps"] = ir.ArrayAttr.get(maps, build.location.context)
    kinds = list(ir.ArrayAttr(copy.attributes["iterator_types"]))[:1]
    copy.attributes["iterator_types"] = ir.ArrayAttr.get(kinds, build.location.context)
    return copy
