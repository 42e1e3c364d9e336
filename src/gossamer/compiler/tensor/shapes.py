"""Sizes of tensors' dimensions, found by walking from a value to where its shape was decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.extended_op import EXTENDED, ExtendedOp
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.linalg_op import LinalgOp
from gossamer.compiler.tensor.tensor_op import element_type, read_pad, read_slice, reassociation, shape_of

Leaf: TypeAlias = Callable[[ir.Value, int], Index]
Rule: TypeAlias = "Callable[[Shapes, ir.OpResult], list[Index]]"


class Shapes:
    """Answers how large tensors are.

    Attributes:
        builder: appends the arithmetic that an answer needs.
        leaf: gives a dynamic dimension of a value no rule knows: an argument, a call's result.
    """

    def __init__(self, builder: IndexBuilder, leaf: Leaf) -> None:
        self.builder = builder
        self.leaf = leaf

    def dims(self, tensor: ir.Value) -> list[Index]:
        """Sizes of all dimensions."""
        static = shape_of(tensor)
        if None not in static:
            return [size for size in static if size is not None]
        found = self._decided_elsewhere(tensor)
        if found is None:
            found = [self.leaf(tensor, dim) if size is None else size for dim, size in enumerate(static)]
        return [known if size is None else size for known, size in zip(found, static, strict=True)]

    def dynamic_dims(self, tensor: ir.Value) -> list[ir.Value]:
        """Sizes of the dimensions that the type does not state, as values."""
        static = shape_of(tensor)
        if None not in static:
            return []
        dims = self.dims(tensor)
        return [self.builder.value(dim) for dim, size in zip(dims, static, strict=True) if size is None]

    def _decided_elsewhere(self, tensor: ir.Value) -> list[Index] | None:
        if not isinstance(tensor, ir.OpResult):
            return None
        rule = _RULES.get(tensor.owner.name)
        return rule(self, tensor) if rule else None


def _of_operands(result: ir.OpResult, operands: list[ir.Value]) -> list[Index]:
    remaining = iter(operands)
    return [next(remaining) if size is None else size for size in shape_of(result)]


def _generic(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    return shapes.dims(LinalgOp(result.owner.operation).inits[result.result_number])


def _extended(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    return shapes.dims(ExtendedOp(result.owner.operation).inits[result.result_number])


def _created(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    return _of_operands(result, list(result.owner.operands))


def _splat(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    return _of_operands(result, list(result.owner.operands)[1:])


def _like_first(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    return shapes.dims(result.owner.operands[0])


def _like_second(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    return shapes.dims(result.owner.operands[1])


def _extract_slice(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    return list(read_slice(result.owner.operation).slice_sizes)


def _pad(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    pad = read_pad(result.owner.operation)
    build = shapes.builder
    return [
        build.add(build.add(low, size), high)
        for low, size, high in zip(pad.low, shapes.dims(pad.source), pad.high, strict=True)
    ]


def _concat(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    axis = ir.IntegerAttr(result.owner.attributes["dim"]).value
    first, *others = (shapes.dims(operand) for operand in result.owner.operands)
    for other in others:
        first[axis] = shapes.builder.add(first[axis], other[axis])
    return first


def _expand(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    return _of_operands(result, list(result.owner.operands)[1:])


def _collapse(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    source = shapes.dims(result.owner.operands[0])
    groups = reassociation(result.owner.operation)
    return [shapes.builder.product(source[dim] for dim in group) for group in groups]


def _reshape(shapes: Shapes, result: ir.OpResult) -> list[Index]:
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


def _as_index(shapes: Shapes, size: ir.Value) -> Index:
    return shapes.builder.op("arith.index_cast", [size], [shapes.builder.index_type]).result


def _dispatch(shapes: Shapes, result: ir.OpResult) -> list[Index]:
    op = result.owner
    first = ir.IntegerAttr(op.attributes["operand_count"]).value
    for earlier in list(op.results)[: result.result_number]:
        first += shape_of(earlier).count(None)
    return _of_operands(result, list(op.operands)[first:])


_RULES: dict[str, Rule] = {
    **dict.fromkeys(EXTENDED, _extended),
    "linalg.generic": _generic,
    "tensor.empty": _created,
    "tensor.generate": _created,
    "tensor.splat": _splat,
    "linalg.pack": _like_second,
    "linalg.unpack": _like_second,
    "tensor.cast": _like_first,
    "tensor.bitcast": _like_first,
    "tensor.insert": _like_second,
    "tensor.insert_slice": _like_second,
    "tensor.extract_slice": _extract_slice,
    "tensor.pad": _pad,
    "tensor.concat": _concat,
    "tensor.expand_shape": _expand,
    "tensor.collapse_shape": _collapse,
    "tensor.reshape": _reshape,
    "flow.dispatch": _dispatch,
    "flow.tensor.empty": _created,
    "flow.tensor.splat": _splat,
    "flow.tensor.reshape": _splat,
    "flow.tensor.clone": _like_first,
    "flow.tensor.update": _like_first,
}
