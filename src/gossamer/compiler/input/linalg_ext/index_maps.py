"""Elements at indices that a region computes: `map_load` reads there, `map_store` writes there."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.input.linalg_ext.structured import loop_index, move_body, sizes_of
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import DIALECT
from gossamer.compiler.tensor.generic_builder import append_empty, append_generic
from gossamer.compiler.tensor.index_builder import IndexBuilder
from gossamer.compiler.tensor.tensor_op import element_type

_ULT = 6
_OUTSIDE = -1


def lower_map_load(build: IndexBuilder, op: ir.Operation) -> Sequence[ir.Value]:
    """Elements of the source; those outside of it are the last value that the region yields."""
    source, init = op.operands
    source_sizes = sizes_of(build, source)
    bounds = build.values(source_sizes)
    rank = ir.RankedTensorType(init.type).rank

    def body(inner: IndexBuilder, values: list[ir.Value]) -> ir.Value:
        loops = [loop_index(inner, loop) for loop in range(rank)]
        *indices, padding = move_body(inner, op.regions[0].blocks[0], loops)
        is_inside = _are_inside(inner, indices, bounds)
        zero = inner.value(0)
        safe = [
            inner.op("arith.select", [is_inside, index, zero], [inner.index_type]).result for index in indices
        ]
        element = inner.op("tensor.extract", [source, *safe], [element_type(source)]).result
        return inner.op("arith.select", [is_inside, element, padding], [padding.type]).result

    return [append_generic(build, [], init, [ir.AffineMap.get_identity(rank)], body)]


def lower_map_store(build: IndexBuilder, op: ir.Operation) -> Sequence[ir.Value]:
    """A scatter of the elements whose mask, the last value that the region yields, is true."""
    values, init = op.operands
    sizes = sizes_of(build, values)
    rank = ir.RankedTensorType(init.type).rank
    loops = ir.AffineMap.get_identity(len(sizes) + 1)

    def position(inner: IndexBuilder, values: list[ir.Value]) -> ir.Value:
        indices = [loop_index(inner, loop) for loop in range(len(sizes))]
        *target, mask = move_body(inner, op.regions[0].blocks[0], indices)
        component = loop_index(inner, len(sizes))
        chosen = target[0]
        for number, index in enumerate(target[1:], 1):
            is_it = _compare(inner, 0, component, inner.value(number))
            chosen = inner.op("arith.select", [is_it, index, chosen], [inner.index_type]).result
        stored = inner.op("arith.select", [mask, chosen, inner.value(_OUTSIDE)], [inner.index_type]).result
        return inner.op("arith.index_cast", [stored], [i64]).result

    i64 = ir.IntegerType.get_signless(64)
    empty = append_empty(build, [*sizes, rank], i64)
    positions = append_generic(build, [], empty, [loops], position)
    attributes: dict[str, ir.Attribute] = {
        "dimension_map": ir.DenseI64ArrayAttr.get(list(range(rank))),
        "operandSegmentSizes": ir.DenseI32ArrayAttr.get([2, 1]),
    }
    scatter = build.op(f"{DIALECT}.scatter", [values, positions, init], [init.type], attributes, regions=1)
    element = element_type(values)
    block = ir.Block.create_at_start(scatter.regions[0], [element] * 2, [build.location] * 2)
    IndexBuilder(ir.InsertionPoint(block), build.location).op(f"{DIALECT}.yield", [block.arguments[0]], [])
    return [scatter.result]


def _are_inside(build: IndexBuilder, indices: Sequence[ir.Value], bounds: Sequence[ir.Value]) -> ir.Value:
    is_inside = build.constant(ir.BoolAttr.get(True), build.i1_type)
    for index, bound in zip(indices, bounds, strict=True):
        is_below = _compare(build, _ULT, index, bound)
        is_inside = build.op("arith.andi", [is_inside, is_below], [build.i1_type]).result
    return is_inside


def _compare(build: IndexBuilder, predicate: int, left: ir.Value, right: ir.Value) -> ir.Value:
    number = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), predicate)
    return build.op("arith.cmpi", [left, right], [build.i1_type], {"predicate": number}).result
