"""StableHLO operations whose result has a shape that is computed: broadcasts, reshapes, counters, padding.

A shape is followed back to sizes of arguments, so that it becomes scalar arithmetic.
Spec: StableHLO, `dynamic_broadcast_in_dim`, `dynamic_iota`, `dynamic_pad`, `dynamic_reshape`,
`real_dynamic_slice`, `reverse`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.input.stablehlo.sizes import Size, append_size, element_of, size_of
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import append_slice, dynamic_sizes
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder

_KEPT = "known_nonexpanding_dimensions"

ElementAt = Callable[[IndexBuilder, list[ir.Value]], ir.Value]
"""Appends what computes the element of a tensor at an index."""


def lower_dynamic_broadcast(op: ir.Operation) -> Sequence[ir.Value]:
    """Say of each dimension whether it expands, as the library wants; read by index where that is unknown."""
    operand, shape = op.operands
    dimensions = list(ir.DenseI64ArrayAttr(op.attributes["broadcast_dimensions"]))
    sizes = [size_of(operand, dim) for dim in range(len(dimensions))]
    targets = [element_of(shape, position) for position in range(ir.RankedTensorType(op.result.type).rank)]
    kept = set(ir.DenseI64ArrayAttr(op.attributes[_KEPT])) if _KEPT in op.attributes else set[int]()
    expanding = {dim for dim, size in enumerate(sizes) if size == 1} - kept
    for dim, size in enumerate(sizes):
        if size != 1 and (isinstance(size, int) or size == targets[dimensions[dim]]):
            kept.add(dim)
    if len(kept) + len(expanding) < len(sizes):
        return [_broadcast_by_index(op, targets, dimensions)]
    attributes: dict[str, ir.Attribute] = {
        "broadcast_dimensions": op.attributes["broadcast_dimensions"],
        "known_expanding_dimensions": ir.DenseI64ArrayAttr.get(sorted(expanding)),
        _KEPT: ir.DenseI64ArrayAttr.get(sorted(kept)),
    }
    scalars = shape_tensor(IndexBuilder(ir.InsertionPoint(op), op.location), targets)
    return [ir.Operation.create(op.name, [op.result.type], [operand, scalars], attributes).result]


def _broadcast_by_index(op: ir.Operation, targets: list[Size], dimensions: list[int]) -> ir.Value:
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    operand = op.operands[0]
    sizes = [append_size(build, size_of(operand, dim)) for dim in range(len(dimensions))]

    def element(inner: IndexBuilder, where: list[ir.Value]) -> ir.Value:
        position: list[Index] = []
        for dim, size in enumerate(sizes):
            # Why the least: an index into the result is beyond a dimension of size 1 wherever it is not 0.
            last = inner.sub(size, 1)
            position.append(inner.minimum(where[dimensions[dim]], last))
        return extract(inner, operand, position)

    return append_generated(build, op.result.type, [append_size(build, size) for size in targets], element)


def lower_dynamic_reshape(op: ir.Operation) -> Sequence[ir.Value]:
    """Reshape to a shape of scalars."""
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    operand, shape = op.operands
    rank = ir.RankedTensorType(op.result.type).rank
    scalars = shape_tensor(build, [element_of(shape, position) for position in range(rank)])
    return [build.op("tensor.reshape", [operand, scalars], [op.result.type]).result]


def lower_dynamic_iota(op: ir.Operation) -> Sequence[ir.Value]:
    """Give the library a shape of scalars."""
    (shape,) = op.operands
    rank = ir.RankedTensorType(op.result.type).rank
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    scalars = shape_tensor(build, [element_of(shape, position) for position in range(rank)])
    attributes = {"iota_dimension": op.attributes["iota_dimension"]}
    return [ir.Operation.create(op.name, [op.result.type], [scalars], attributes).result]


def lower_dynamic_pad(op: ir.Operation) -> Sequence[ir.Value]:
    """Pad by amounts that are computed, which may be negative, and between elements."""
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    operand, padding, *amounts = op.operands
    rank = ir.RankedTensorType(operand.type).rank
    low, high, interior = (
        [append_size(build, element_of(amount, dim)) for dim in range(rank)] for amount in amounts
    )
    sizes = [append_size(build, size_of(operand, dim)) for dim in range(rank)]
    steps = [build.add(between, 1) for between in interior]
    targets: list[Index] = []
    for dim, size in enumerate(sizes):
        spread = build.mul(_maximum(build, build.sub(size, 1), 0), interior[dim])
        inner_size = build.add(size, spread)
        targets.append(build.add(inner_size, build.add(low[dim], high[dim])))
    element_type = ir.RankedTensorType(operand.type).element_type
    filler = build.op("tensor.extract", [padding], [element_type]).result

    def element(inner: IndexBuilder, where: list[ir.Value]) -> ir.Value:
        shifted = [inner.sub(index, low[dim]) for dim, index in enumerate(where)]
        is_inside: ir.Value = inner.constant(ir.BoolAttr.get(True), inner.i1_type)
        position: list[Index] = []
        for dim, index in enumerate(shifted):
            quotient = inner.floor_div(index, steps[dim])
            for left, predicate, right in (
                (index, 5, 0),  # sge
                (inner.mul(quotient, steps[dim]), 0, index),  # eq
                (quotient, 2, sizes[dim]),  # slt
            ):
                flag = compare_indices(inner, predicate, left, right)
                is_inside = inner.op("arith.andi", [is_inside, flag], [inner.i1_type]).result
            position.append(quotient)
        return _choose(inner, is_inside, lambda at: extract(at, operand, position), filler)

    return [append_generated(build, op.result.type, targets, element)]


def lower_real_dynamic_slice(op: ir.Operation) -> Sequence[ir.Value]:
    """Slice between bounds of scalars."""
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    operand, *bounds = op.operands
    type = ir.RankedTensorType(op.result.type)
    offsets, _, strides = (
        [append_size(build, element_of(bound, dim)) for dim in range(type.rank)] for bound in bounds
    )
    sizes = fitting(build, type, [append_size(build, size_of(op.result, dim)) for dim in range(type.rank)])
    return [append_slice(build, "tensor.extract_slice", [operand], type, (offsets, sizes, strides))]


def lower_dynamic_reverse(op: ir.Operation) -> Sequence[ir.Value] | None:
    """Reverse dimensions of unknown size; the library reverses the others."""
    (operand,) = op.operands
    type = ir.RankedTensorType(operand.type)
    if type.has_static_shape:
        return None
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    reversed_dims = list(ir.DenseI64ArrayAttr(op.attributes["dimensions"]))
    sizes = [append_size(build, size_of(operand, dim)) for dim in range(type.rank)]

    def element(inner: IndexBuilder, where: list[ir.Value]) -> ir.Value:
        position: list[Index] = list(where)
        for dim in reversed_dims:
            position[dim] = inner.sub(inner.sub(sizes[dim], 1), where[dim])
        return extract(inner, operand, position)

    return [append_generated(build, op.result.type, sizes, element)]


def shape_tensor(build: IndexBuilder, sizes: Sequence[Size]) -> ir.Value:
    """Append a tensor of indices that holds a shape."""
    values = build.values(append_size(build, size) for size in sizes)
    type = ir.RankedTensorType.get([len(values)], build.index_type)
    return build.op("tensor.from_elements", values, [type]).result


def fitting(build: IndexBuilder, type: ir.RankedTensorType, sizes: Sequence[Index]) -> list[Index]:
    """Sizes as numbers exactly where a type states them."""
    return [
        build.value(size) if type.is_dynamic_dim(dim) else type.get_dim_size(dim)
        for dim, size in enumerate(sizes)
    ]


def append_generated(
    build: IndexBuilder, type: ir.Type, sizes: Sequence[Index], element_at: ElementAt
) -> ir.Value:
    """Append a tensor whose elements are computed from their index.

    Args:
        build: appends it.
        type: its type; dimensions that it states may be computed ones in `sizes`.
        sizes: of its dimensions.
        element_at: appends an element.
    """
    tensor = ir.RankedTensorType(type)
    dims = dynamic_sizes(fitting(build, tensor, sizes))
    generate = build.op("tensor.generate", dims, [type], regions=1)
    indices = [build.index_type] * tensor.rank
    block = ir.Block.create_at_start(generate.regions[0], indices, [build.location] * tensor.rank)
    inner = IndexBuilder(ir.InsertionPoint(block), build.location)
    inner.op("tensor.yield", [element_at(inner, list(block.arguments))], [])
    return generate.result


def extract(build: IndexBuilder, tensor: ir.Value, position: Sequence[Index]) -> ir.Value:
    """Append the element of a tensor at an index."""
    element = ir.RankedTensorType(tensor.type).element_type
    return build.op("tensor.extract", [tensor, *build.values(position)], [element]).result


def compare_indices(build: IndexBuilder, predicate: int, left: Index, right: Index) -> ir.Value:
    """Append a comparison; the predicate is one of `arith.cmpi`."""
    attributes: dict[str, ir.Attribute] = {
        "predicate": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), predicate)
    }
    return build.op("arith.cmpi", build.values([left, right]), [build.i1_type], attributes).result


def _maximum(build: IndexBuilder, left: Index, right: Index) -> Index:
    if isinstance(left, int) and isinstance(right, int):
        return max(left, right)
    return build.op("arith.maxsi", build.values([left, right]), [build.index_type]).result


def _choose(
    build: IndexBuilder, flag: ir.Value, element: Callable[[IndexBuilder], ir.Value], other: ir.Value
) -> ir.Value:
    branch = build.op("scf.if", [flag], [other.type], regions=2)
    for region, make in zip(branch.regions, (element, lambda _: other), strict=True):
        inner = IndexBuilder(ir.InsertionPoint(ir.Block.create_at_start(region, [], [])), build.location)
        inner.op("scf.yield", [make(inner)], [])
    return branch.result
