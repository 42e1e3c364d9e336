"""Appends `linalg.generic` operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.linalg_op import GENERIC
from gossamer.compiler.tensor.tensor_op import element_type

Body = Callable[[IndexBuilder, list[ir.Value]], ir.Value]
"""Appends one iteration, given an element of each operand; returns the result's element."""

Bodies = Callable[[IndexBuilder, list[ir.Value]], list[ir.Value]]
"""The same for several results."""


def append_generic(
    build: IndexBuilder,
    inputs: Sequence[ir.Value],
    init: ir.Value,
    maps: Sequence[ir.AffineMap],
    body: Body,
    reductions: Sequence[int] = (),
) -> ir.Value:
    """Append a `linalg.generic` of one result; as `append_generics`."""
    results = append_generics(
        build, inputs, [init], maps, lambda inner, values: [body(inner, values)], reductions
    )
    return results[0]


def append_generics(
    build: IndexBuilder,
    inputs: Sequence[ir.Value],
    inits: Sequence[ir.Value],
    maps: Sequence[ir.AffineMap],
    body: Bodies,
    reductions: Sequence[int] = (),
) -> list[ir.Value]:
    """Append a `linalg.generic`.

    Args:
        build: appends it.
        inputs: tensors that are read.
        inits: initial values of the results.
        maps: one for each input, then the results', from loops to indices.
        body: appends an iteration.
        reductions: the loops that are reduced; the others are parallel.
    """
    context = build.location.context
    kinds = ["reduction" if loop in reductions else "parallel" for loop in range(maps[0].n_dims)]
    iterators = [ir.Attribute.parse(f"#linalg.iterator_type<{kind}>", context) for kind in kinds]
    attributes: dict[str, ir.Attribute] = {
        "indexing_maps": ir.ArrayAttr.get([ir.AffineMapAttr.get(map) for map in maps], context),
        "iterator_types": ir.ArrayAttr.get(iterators, context),
        "operandSegmentSizes": ir.DenseI32ArrayAttr.get([len(inputs), len(inits)], context),
    }
    types = [init.type for init in inits]
    op = build.op(GENERIC, [*inputs, *inits], types, attributes, regions=1)
    elements = [element_type(operand) for operand in op.operands]
    block = ir.Block.create_at_start(op.regions[0], elements, [build.location] * len(elements))
    inner = IndexBuilder(ir.InsertionPoint(block), build.location)
    inner.op("linalg.yield", body(inner, list(block.arguments)), [])
    return list(op.results)


def append_empty(build: IndexBuilder, sizes: Sequence[Index], element: ir.Type) -> ir.Value:
    """Append a `tensor.empty`.

    Args:
        build: appends it.
        sizes: of its dimensions.
        element: type of its elements.
    """
    return build.op("tensor.empty", dynamic_sizes(sizes), [tensor_type(sizes, element)]).result


def dynamic_sizes(sizes: Sequence[Index]) -> list[ir.Value]:
    """The sizes that a type does not state."""
    return [size for size in sizes if isinstance(size, ir.Value)]


def tensor_type(sizes: Sequence[Index | None], element: ir.Type) -> ir.RankedTensorType:
    """Type of a tensor of some sizes; those that are no numbers are dynamic."""
    return ir.RankedTensorType.get(static_sizes(sizes), element, loc=ir.Location.unknown(element.context))


def static_sizes(sizes: Sequence[Index | None]) -> list[int]:
    """Sizes as types and attributes have them."""
    dynamic = ir.ShapedType.get_dynamic_size()
    return [size if isinstance(size, int) else dynamic for size in sizes]


def append_slice(
    build: IndexBuilder,
    name: str,
    operands: list[ir.Value],
    type: ir.Type,
    places: tuple[Sequence[Index], Sequence[Index], Sequence[Index]],
) -> ir.Value:
    """Append an operation on a slice.

    Args:
        build: appends it.
        name: "tensor.extract_slice" or "tensor.insert_slice".
        operands: its tensors.
        type: of its result.
        places: offsets, sizes and strides of the slice. A size that the slice's type states must be a number.
    """
    dynamic = [dynamic_sizes(indices) for indices in places]
    names = ("static_offsets", "static_sizes", "static_strides")
    attributes: dict[str, ir.Attribute] = {
        key: ir.DenseI64ArrayAttr.get(static_sizes(indices))
        for key, indices in zip(names, places, strict=True)
    }
    counts = [*(1 for _ in operands), *(len(values) for values in dynamic)]
    attributes["operandSegmentSizes"] = ir.DenseI32ArrayAttr.get(counts)
    values = [value for group in dynamic for value in group]
    return build.op(name, [*operands, *values], [type], attributes).result
