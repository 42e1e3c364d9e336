"""How each tensor operation tells the sizes of its results' dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import ExtendedOp
from gossamer.compiler.tensor.index_builder import Index
from gossamer.compiler.tensor.linalg_op import LinalgOp
from gossamer.compiler.tensor.tensor_op import element_type, read_pad, read_slice, reassociation, shape_of

if TYPE_CHECKING:
    from gossamer.compiler.tensor.shapes import Shapes

ShapeRule: TypeAlias = "Callable[[Shapes, ir.OpResult], list[Index]]"
"""Gives the sizes of a result's dimensions; those that its type states need not be right."""


def linalg_init(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """As large as the initial value."""
    return shapes.dims(LinalgOp(result.owner.operation).inits[result.result_number])


def extended_init(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """As large as the initial value."""
    return shapes.dims(ExtendedOp(result.owner.operation).inits[result.result_number])


def first_operand(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """As large as the first operand."""
    return shapes.dims(result.owner.operands[0])


def second_operand(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """As large as the second operand."""
    return shapes.dims(result.owner.operands[1])


def operands(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """All operands are sizes of dynamic dimensions."""
    return _with_dynamic(result, list(result.owner.operands))


def operands_after_first(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """All operands but the first are sizes of dynamic dimensions."""
    return _with_dynamic(result, list(result.owner.operands)[1:])


def dispatch(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """The last operands are sizes of the dynamic dimensions of all results."""
    op = result.owner
    first = ir.IntegerAttr(op.attributes["operand_count"]).value
    for earlier in list(op.results)[: result.result_number]:
        first += shape_of(earlier).count(None)
    return _with_dynamic(result, list(op.operands)[first:])


def extract_slice(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """The slice's sizes, without the dimensions that it leaves out."""
    return list(read_slice(result.owner.operation).slice_sizes)


def pad(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """The source's sizes, and the padding on both sides."""
    pad = read_pad(result.owner.operation)
    build = shapes.builder
    return [
        build.add(build.add(low, size), high)
        for low, size, high in zip(pad.low, shapes.dims(pad.source), pad.high, strict=True)
    ]


def concat(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """The operands' sizes, added up along one dimension."""
    axis = ir.IntegerAttr(result.owner.attributes["dim"]).value
    first, *others = (shapes.dims(operand) for operand in result.owner.operands)
    for other in others:
        first[axis] = shapes.builder.add(first[axis], other[axis])
    return first


def collapse_shape(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """The product of the sizes of each group of dimensions."""
    source = shapes.dims(result.owner.operands[0])
    groups = reassociation(result.owner.operation)
    return [shapes.builder.product(source[dim] for dim in group) for group in groups]


def reshape(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    """The elements of a tensor of sizes, the second operand."""
    build = shapes.builder
    shape = result.owner.operands[1]
    made = shape.owner
    if isinstance(made, ir.OpView | ir.Operation) and made.name == "tensor.from_elements":
        sizes: list[ir.Value] = list(made.operands)
    else:
        numbers = [build.value(dim) for dim in range(len(shape_of(result)))]
        type = element_type(shape)
        sizes = [build.op("flow.tensor.load", [shape, number], [type]).result for number in numbers]
    return [size if size.type == build.index_type else _as_index(shapes, size) for size in sizes]


def _with_dynamic(result: ir.OpResult, sizes: list[ir.Value]) -> list[Index]:
    remaining = iter(sizes)
    return [next(remaining) if size is None else size for size in shape_of(result)]


def _as_index(shapes: Shapes, size: ir.Value) -> Index:
    return shapes.builder.op("arith.index_cast", [size], [shapes.builder.index_type]).result
