"""How each tensor operation answers when asked for one element of its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from gossamer.compiler.codegen.iteration import Indices, loops_at
from gossamer.compiler.codegen.region_copy import RegionCopy
from gossamer.compiler.codegen.unsupported import unsupported
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import ExtendedOp, IndexedOperands
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.linalg_op import LinalgOp
from gossamer.compiler.tensor.rule_table import RuleTable
from gossamer.compiler.tensor.tensor_op import element_type, read_pack, read_pad, read_slice, reassociation

if TYPE_CHECKING:
    from gossamer.compiler.codegen.elements import Elements

ElementRule: TypeAlias = "Callable[[Elements, ir.OpResult, Indices], ir.Value]"
"""Appends what computes the element of a result at some indices."""

ELEMENT_RULES = RuleTable[ElementRule]()


@ELEMENT_RULES.of("linalg.generic")
def _generic(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    linalg = LinalgOp(result.owner.operation)
    number = result.result_number
    return elements.generic(linalg, loops_at(linalg, number, indices))[number]


@ELEMENT_RULES.of("iree_linalg_ext.gather")
def _gather(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    op = ExtendedOp(result.owner.operation)
    source, _, *mask = op.inputs
    batch = indices[: op.indexed.batch_rank]

    def gathered() -> ir.Value:
        return elements.element(source, indexed_position(elements, op.indexed, batch, indices[len(batch) :]))

    if not mask:
        return gathered()
    init = op.inits[result.result_number]
    return elements.build.if_else(
        elements.element(mask[0], batch),
        element_type(result),
        gathered,
        lambda: elements.element(init, indices),
    )


def indexed_position(
    elements: Elements, indexed: IndexedOperands, batch: Indices, within: Indices
) -> tuple[Index, ...]:
    """Where in the indexed tensor of a gather or scatter an element of a slice is.

    Args:
        elements: of the kernel; loads the indices.
        indexed: how positions come about.
        batch: which slice.
        within: which element of it.
    """
    build = elements.build
    position: list[Index] = [0] * (len(indexed.indexed_dims) + len(indexed.slice_dims))
    for component, dim in enumerate(indexed.indexed_dims):
        where = (*batch, component) if indexed.has_components else batch
        number = elements.element(indexed.indices, where)
        if number.type != build.index_type:
            number = build.op("arith.index_cast", [number], [build.index_type]).result
        position[dim] = number
    for index, dim in zip(within, indexed.slice_dims, strict=True):
        position[dim] = index
    return tuple(position)


@ELEMENT_RULES.of("tensor.empty")
def _empty(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    return elements.build.zero(element_type(result))


@ELEMENT_RULES.of("tensor.splat")
def _splat(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    return result.owner.operands[0]


@ELEMENT_RULES.of("tensor.cast")
def _cast(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    return elements.element(result.owner.operands[0], indices)


@ELEMENT_RULES.of("arith.constant")
def _constant(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    value = result.owner.attributes["value"]
    if not isinstance(value, ir.DenseElementsAttr) or not value.is_splat:
        raise unsupported(result.owner.operation, "a constant inside a kernel is no splat")
    return elements.build.constant(value.get_splat_value(), element_type(result))


@ELEMENT_RULES.of("tensor.extract_slice")
def _extract_slice(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    slice = read_slice(result.owner.operation)
    build = elements.build
    source: list[Index] = list(slice.offsets)
    for index, dim in zip(indices, slice.kept, strict=True):
        source[dim] = build.add(slice.offsets[dim], build.mul(index, slice.strides[dim]))
    return elements.element(slice.tensor, tuple(source))


@ELEMENT_RULES.of("tensor.insert_slice")
def _insert_slice(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    slice = read_slice(result.owner.operation)
    update = slice.update
    assert update is not None
    build = elements.build
    inside: list[bool | ir.Value] = []
    position: list[Index] = []
    for index, offset, size, stride in zip(indices, slice.offsets, slice.sizes, slice.strides, strict=True):
        distance = build.sub(index, offset)
        if not isinstance(stride, int):
            step = build.floor_div(distance, stride)
            inside.append(build.compare("sge", step, 0))
        elif stride > 0:
            step = build.div(distance, stride)
            inside.append(build.compare("sge", index, offset))
        else:
            step = build.div(build.sub(offset, index), -stride)
            inside.append(build.compare("sle", index, offset))
        inside.append(build.compare("slt", step, size))
        if stride not in (1, -1):
            inside.append(build.compare("eq", build.mul(step, stride), distance))
        position.append(step)
    return build.if_else(
        build.all_of(inside),
        element_type(result),
        lambda: elements.element(update, tuple(position[dim] for dim in slice.kept)),
        lambda: elements.element(slice.tensor, indices),
    )


@ELEMENT_RULES.of("tensor.pad")
def _pad(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    op = result.owner.operation
    pad = read_pad(op)
    build = elements.build
    inside: list[bool | ir.Value] = []
    position: list[Index] = []
    sizes = elements.kernel.shapes.dims(pad.source)
    for index, low, high, size in zip(indices, pad.low, pad.high, sizes, strict=True):
        if low != 0:
            inside.append(build.compare("sge", index, low))
        position.append(build.sub(index, low))
        if high != 0:
            inside.append(build.compare("slt", position[-1], size))
    return build.if_else(
        build.all_of(inside),
        element_type(result),
        lambda: elements.element(pad.source, tuple(position)),
        lambda: _yielded(elements, op, indices),
    )


@ELEMENT_RULES.of("tensor.concat")
def _concat(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    op = result.owner.operation
    axis = ir.IntegerAttr(op.attributes["dim"]).value
    build = elements.build
    type = element_type(result)

    def choose(operands: list[ir.Value], index: Index) -> ir.Value:
        here = (*indices[:axis], index, *indices[axis + 1 :])
        if len(operands) == 1:
            return elements.element(operands[0], here)
        size = elements.kernel.shapes.dims(operands[0])[axis]
        return build.if_else(
            build.compare("slt", index, size),
            type,
            lambda: elements.element(operands[0], here),
            lambda: choose(operands[1:], build.sub(index, size)),
        )

    return choose(list(op.operands), indices[axis])


@ELEMENT_RULES.of("tensor.generate")
def _generate(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    return _yielded(elements, result.owner.operation, indices)


def _yielded(elements: Elements, op: ir.Operation, indices: Indices) -> ir.Value:
    """What the region of an operation yields for the element at `indices`."""
    block = op.regions[0].blocks[0]
    values = zip(block.arguments, elements.build.values(indices), strict=True)
    return RegionCopy(elements, dict[ir.Value, ir.Value](values), []).copy(block)[0]


@ELEMENT_RULES.of("tensor.insert")
def _insert(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    scalar, tensor, *position = result.owner.operands
    build = elements.build
    here = [build.compare("eq", index, at) for index, at in zip(indices, position, strict=True)]
    return build.if_else(
        build.all_of(here), scalar.type, lambda: scalar, lambda: elements.element(tensor, indices)
    )


@ELEMENT_RULES.of("tensor.from_elements")
def _from_elements(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    scalars = list(result.owner.operands)
    position = elements.linear(indices, elements.kernel.shapes.dims(result))
    chosen = scalars[-1]
    for number, scalar in reversed(list(enumerate(scalars[:-1]))):
        matches = elements.build.compare("eq", position, number)
        chosen = elements.build.if_else(matches, scalar.type, lambda s=scalar: s, lambda c=chosen: c)
    return chosen


@ELEMENT_RULES.of("linalg.pack")
def _pack(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    pack = read_pack(result.owner.operation)
    build = elements.build
    rank = len(pack.outer)
    position: list[Index] = [0] * rank
    for index, dim in zip(indices[:rank], pack.outer, strict=True):
        position[dim] = index
    for index, dim, tile in zip(indices[rank:], pack.inner, pack.tiles, strict=True):
        position[dim] = build.add(build.mul(position[dim], tile), index)
    if pack.padding is None:
        return elements.element(pack.source, tuple(position))
    padding = pack.padding
    sizes = elements.kernel.shapes.dims(pack.source)
    inside = [build.compare("slt", position[dim], sizes[dim]) for dim in pack.inner]
    return build.if_else(
        build.all_of(inside),
        padding.type,
        lambda: elements.element(pack.source, tuple(position)),
        lambda: padding,
    )


@ELEMENT_RULES.of("linalg.unpack")
def _unpack(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    pack = read_pack(result.owner.operation)
    build = elements.build
    tiles = dict(zip(pack.inner, pack.tiles, strict=True))
    outer = tuple(build.div(indices[dim], tiles.get(dim, 1)) for dim in pack.outer)
    inner = tuple(build.rem(indices[dim], tile) for dim, tile in tiles.items())
    return elements.element(pack.source, (*outer, *inner))


@ELEMENT_RULES.of("tensor.expand_shape")
def _expand_shape(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    op = result.owner.operation
    dims = elements.kernel.shapes.dims(result)
    source = tuple(
        elements.linear(tuple(indices[dim] for dim in group), [dims[dim] for dim in group])
        for group in reassociation(op)
    )
    return elements.element(op.operands[0], source)


@ELEMENT_RULES.of("tensor.collapse_shape")
def _collapse_shape(elements: Elements, result: ir.OpResult, indices: Indices) -> ir.Value:
    op = result.owner.operation
    dims = elements.kernel.shapes.dims(op.operands[0])
    source: list[Index] = [0] * len(dims)
    for index, group in zip(indices, reassociation(op), strict=True):
        rest = index
        for dim in reversed(group[1:]):
            source[dim] = elements.build.rem(rest, dims[dim])
            rest = elements.build.div(rest, dims[dim])
        source[group[0]] = rest
    return elements.element(op.operands[0], tuple(source))
