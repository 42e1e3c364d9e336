"""The first elements of a sorted tensor: `topk` and `topk_v2`."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.input.linalg_ext.structured import (
    loop_index,
    move_body,
    segments_of,
    sizes_of,
)
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import DIALECT
from gossamer.compiler.tensor.generic_builder import (
    append_empty,
    append_generic,
    append_slice,
    tensor_type,
)
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.tensor_op import element_type


def lower_top_k(build: IndexBuilder, op: ir.Operation) -> Sequence[ir.Value]:
    """Sort, and take so many elements as the results have.

    `topk` inserts into what its results are at first, in front of which equal elements do not come.
    """
    inputs, inits, *_ = segments_of(op)
    dimension = ir.IntegerAttr(op.attributes["dimension"]).value
    if len(inputs) < len(inits):
        inputs.append(_positions(build, inputs[0], dimension, element_type(inits[1])))
    if op.name.endswith("topk"):
        pairs = zip(inits, inputs, strict=True)
        inputs = [_concatenate(build, init, value, dimension) for init, value in pairs]
    results = _sort(build, op, inputs, dimension)
    return [_first(build, result, init) for result, init in zip(results, inits, strict=True)]


def _positions(build: IndexBuilder, values: ir.Value, dimension: int, element: ir.Type) -> ir.Value:
    sizes = sizes_of(build, values)

    def body(inner: IndexBuilder, _: list[ir.Value]) -> ir.Value:
        return inner.op("arith.index_cast", [loop_index(inner, dimension)], [element]).result

    empty = append_empty(build, sizes, element)
    return append_generic(build, [], empty, [ir.AffineMap.get_identity(len(sizes))], body)


def _concatenate(build: IndexBuilder, first: ir.Value, second: ir.Value, dimension: int) -> ir.Value:
    sizes = sizes_of(build, first)
    parts = [sizes[dimension], sizes_of(build, second)[dimension]]
    sizes[dimension] = build.add(*parts)
    result = append_empty(build, sizes, element_type(first))
    offset: Index = 0
    for part, size in zip((first, second), parts, strict=True):
        offsets: list[Index] = [0] * len(sizes)
        offsets[dimension] = offset
        lengths = [*sizes[:dimension], size, *sizes[dimension + 1 :]]
        places = (offsets, lengths, [1] * len(sizes))
        result = append_slice(build, "tensor.insert_slice", [part, result], result.type, places)
        offset = build.add(offset, size)
    return result


def _sort(
    build: IndexBuilder, op: ir.Operation, tensors: Sequence[ir.Value], dimension: int
) -> list[ir.Value]:
    """Sort tensors by the first; the region compares two of its elements."""
    i64 = ir.IntegerType.get_signless(64)
    attributes: dict[str, ir.Attribute] = {"dimension": ir.IntegerAttr.get(i64, dimension)}
    types = [tensor.type for tensor in tensors]
    sort = build.op(f"{DIALECT}.sort", tensors, types, attributes, regions=1)
    elements = [element_type(tensor) for tensor in tensors for _ in range(2)]
    block = ir.Block.create_at_start(sort.regions[0], elements, [build.location] * len(elements))
    inner = IndexBuilder(ir.InsertionPoint(block), build.location)
    yielded = move_body(inner, op.regions[0].blocks[0], list(block.arguments)[:2])
    inner.op(f"{DIALECT}.yield", yielded, [])
    return list(sort.results)


def _first(build: IndexBuilder, tensor: ir.Value, init: ir.Value) -> ir.Value:
    sizes = sizes_of(build, init)
    type = tensor_type(sizes, element_type(init))
    places = ([0] * len(sizes), sizes, [1] * len(sizes))
    return append_slice(build, "tensor.extract_slice", [tensor], type, places)
