"""StableHLO's gather of slices whose sizes are computed, and updates of slices in tensors of unknown size.

Spec: StableHLO, `dynamic_gather`, `dynamic_update_slice`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gossamer.compiler.input.stablehlo.builder import dims_of, index_vector_dim_of, signed
from gossamer.compiler.input.stablehlo.dynamic_shapes import append_generated, extract, fitting
from gossamer.compiler.input.stablehlo.sizes import append_size, element_of, size_of
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import append_slice
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder


class _Gather:
    """`#stablehlo.gather`: which dimensions of the three tensors correspond."""

    def __init__(self, op: ir.Operation) -> None:
        dims = partial(dims_of, op, "dimension_numbers")
        self.offset_dims = dims("offset_dims")
        self.collapsed = dims("collapsed_slice_dims")
        self.operand_batching = dims("operand_batching_dims")
        self.indices_batching = dims("start_indices_batching_dims")
        self.start_index_map = dims("start_index_map")
        self.index_vector_dim = index_vector_dim_of(op, "dimension_numbers")


def lower_dynamic_gather(op: ir.Operation) -> Sequence[ir.Value]:
    """Read each element of the result at its position, whose start is moved so that the slice is inside."""
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    operand, indices, slice_sizes = op.operands
    indices = signed(indices)
    numbers = _Gather(op)
    rank, result = ir.RankedTensorType(operand.type).rank, ir.RankedTensorType(op.result.type)
    sizes = [append_size(build, element_of(slice_sizes, dim)) for dim in range(rank)]
    extents = [append_size(build, size_of(operand, dim)) for dim in range(rank)]
    kept = [dim for dim in range(rank) if dim not in (*numbers.collapsed, *numbers.operand_batching)]
    batch_dims = [dim for dim in range(result.rank) if dim not in numbers.offset_dims]
    index_dims = [
        dim for dim in range(ir.RankedTensorType(indices.type).rank) if dim != numbers.index_vector_dim
    ]
    targets: list[Index] = [0] * result.rank
    for dim, source in zip(numbers.offset_dims, kept, strict=True):
        targets[dim] = sizes[source]
    for dim, source in zip(batch_dims, index_dims, strict=True):
        targets[dim] = append_size(build, size_of(indices, source))

    def element(inner: IndexBuilder, where: list[ir.Value]) -> ir.Value:
        batch = [where[dim] for dim in batch_dims]
        position: list[Index] = [0] * rank
        for component, dim in enumerate(numbers.start_index_map):
            start = _start(inner, numbers, indices, batch, component)
            position[dim] = _clamped(inner, start, inner.sub(extents[dim], sizes[dim]))
        for dim, source in zip(numbers.operand_batching, numbers.indices_batching, strict=True):
            position[dim] = batch[source - (source > numbers.index_vector_dim)]
        for dim, source in zip(numbers.offset_dims, kept, strict=True):
            position[source] = inner.add(position[source], where[dim])
        return extract(inner, operand, position)

    return [append_generated(build, op.result.type, targets, element)]


def _start(
    build: IndexBuilder, numbers: _Gather, indices: ir.Value, batch: list[ir.Value], component: int
) -> ir.Value:
    where: list[Index] = list(batch)
    if numbers.index_vector_dim < ir.RankedTensorType(indices.type).rank:
        where.insert(numbers.index_vector_dim, component)
    return _as_index(build, extract(build, indices, where))


def lower_dynamic_update_slice(op: ir.Operation) -> Sequence[ir.Value] | None:
    """Update where a shape is unknown; the library does the others."""
    operand, update, *starts = op.operands
    rank = ir.RankedTensorType(operand.type).rank
    if all(ir.RankedTensorType(value.type).has_static_shape for value in (operand, update)):
        return None
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    offsets: list[Index] = []
    sizes = [append_size(build, size_of(update, dim)) for dim in range(rank)]
    for dim, start in enumerate(starts):
        limit = build.sub(append_size(build, size_of(operand, dim)), sizes[dim])
        offsets.append(_clamped(build, _as_index(build, extract(build, signed(start), [])), limit))
    slice_sizes = fitting(build, ir.RankedTensorType(update.type), sizes)
    places = (offsets, slice_sizes, [1] * rank)
    return [append_slice(build, "tensor.insert_slice", [update, operand], operand.type, places)]


def _clamped(build: IndexBuilder, start: ir.Value, limit: Index) -> Index:
    low = build.op("arith.maxsi", build.values([start, 0]), [build.index_type]).result
    return build.minimum(low, limit)


def _as_index(build: IndexBuilder, number: ir.Value) -> ir.Value:
    return build.op("arith.index_cast", [number], [build.index_type]).result
