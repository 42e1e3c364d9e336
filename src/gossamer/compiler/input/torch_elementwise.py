"""An operation on scalars for each element of Torch's tensors, as a `linalg.generic` that broadcasts."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import Body, append_empty, append_generic, tensor_type
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.tensor_op import shape_of

_COMPUTED = {"ui8": "si16", "si8": "si16"}
"""Types that are computed with in a wider one, whose results are wrapped."""
_CODES = {
    "ui8": 0, "si8": 1, "si16": 2, "si32": 3, "si64": 4, "f16": 5, "f32": 6, "f64": 7, "bf16": 15,
}  # fmt: skip
"""PyTorch's numbers of types."""


def create_torch_op(name: str, type: str, *operands: ir.Value, **attributes: str) -> ir.Value:
    """Append an operation of one result, with attributes as text."""
    parsed = {key: ir.Attribute.parse(text) for key, text in attributes.items()}
    return ir.Operation.create(name, [ir.Type.parse(type)], list(operands), parsed).result


def element_of(type: ir.Type) -> str:
    """`si32` of `!torch.vtensor<[2,?],si32>`."""
    return str(type).rpartition(",")[2].removesuffix(">")


def with_element(type: ir.Type, element: str) -> str:
    """A tensor's type with another type of elements."""
    return f"{str(type).rpartition(',')[0]},{element}>"


def convert(tensor: ir.Value, element: str) -> ir.Value:
    """A tensor as one of another type of elements."""
    if element_of(tensor.type) == element:
        return tensor
    code = create_torch_op("torch.constant.int", "!torch.int", value=f"{_CODES[element]} : i64")
    return create_torch_op(
        "torch.prims.convert_element_type", with_element(tensor.type, element), tensor, code
    )


def elementwise(op: ir.Operation, body: Body) -> ir.Value | None:
    """What takes the place of an operation of two tensors; None where their types are not known.

    Sizes that are not known are taken for equal, as Torch's own lowering does.
    """
    left, right = list(op.operands)[:2]
    element = element_of(op.result.type)
    shapes = [_sizes(value.type) for value in (left, right, op.result)]
    if element not in _CODES or None in shapes:
        return None
    computed = _COMPUTED.get(element, element)
    scalar = ir.Type.parse(computed.replace("si", "i"))
    build = IndexBuilder(ir.InsertionPoint(op), op.location)
    sizes = shapes[2] or []
    inputs: list[ir.Value] = []
    maps: list[ir.AffineMap] = []
    for operand, shape in zip((left, right), shapes, strict=False):
        type = tensor_type(shape or [], scalar)
        inputs.append(create_torch_op("torch_c.to_builtin_tensor", str(type), convert(operand, computed)))
        maps.append(_broadcast(shape or [], sizes))
    init = append_empty(build, _extents(build, sizes, inputs), scalar)
    result = append_generic(build, inputs, init, [*maps, ir.AffineMap.get_identity(len(sizes))], body)
    wide = create_torch_op("torch_c.from_builtin_tensor", with_element(op.result.type, computed), result)
    return convert(wide, element)


def _sizes(type: ir.Type) -> list[int | None] | None:
    """Sizes of a tensor, None for those that are not known; None where its rank is not known."""
    text = str(type).partition("[")[2].rpartition("]")
    if not text[1]:
        return None
    return [None if size == "?" else int(size) for size in text[0].split(",") if size]


def _broadcast(shape: Sequence[int | None], sizes: Sequence[int | None]) -> ir.AffineMap:
    """From the loops of a result to the indices of an operand, whose dimensions of one element repeat."""
    first = len(sizes) - len(shape)
    indices = [
        ir.AffineExpr.get_constant(0)
        if size == 1 and sizes[first + dim] != 1
        else ir.AffineDimExpr.get(first + dim)
        for dim, size in enumerate(shape)
    ]
    return ir.AffineMap.get(len(sizes), 0, indices)


def _extents(build: IndexBuilder, sizes: Sequence[int | None], inputs: Sequence[ir.Value]) -> list[Index]:
    """The sizes of a result; those that are not known are those of an operand that has no number there."""
    extents: list[Index] = []
    for dim, size in enumerate(sizes):
        if size is not None:
            extents.append(size)
            continue
        for tensor in inputs:
            shape = shape_of(tensor)
            place = dim - len(sizes) + len(shape)
            if place >= 0 and shape[place] is None:
                extents.append(
                    build.op("tensor.dim", [tensor, build.value(place)], [build.index_type]).result
                )
                break
    return extents
