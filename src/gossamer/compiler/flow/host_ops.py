"""Tensor operations that the host does without a kernel: they become `flow.tensor` operations.

Shapes of results are explicit: each takes one index for each dynamic dimension of its result, last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.linalg_op import LinalgOp
from gossamer.compiler.tensor.rule_table import RuleTable
from gossamer.compiler.tensor.shapes import Shapes
from gossamer.compiler.tensor.tensor_op import SliceOp, element_type, is_tensor, read_slice, shape_of

HostForm: TypeAlias = Callable[[ir.Operation, Shapes], "ir.Value | None"]
"""Appends what gives the host an operation's result, where that needs no kernel."""

HOST_FORMS = RuleTable[HostForm]()


def lower_on_host(op: ir.Operation, shapes: Shapes) -> bool:
    """Replace the uses of an operation's result by a `flow.tensor` operation where one serves.

    Args:
        op: stays, without uses, where the answer is True.
        shapes: its builder appends before `op`.
    """
    form = None if _splits_bytes(op) else HOST_FORMS.get(op.name)
    replacement = form(op, shapes) if form else None
    if replacement is None:
        return False
    op.result.replace_all_uses_with(replacement)
    return True


def _splits_bytes(op: ir.Operation) -> bool:
    """Whether an operation moves elements of less than a byte, which only kernels can."""
    if op.name in _WHOLE_TENSORS:
        return False
    return any(is_tensor(result) and str(element_type(result)) in ("i2", "i4") for result in op.results)


_WHOLE_TENSORS = (
    *("tensor.empty", "tensor.cast", "tensor.collapse_shape", "tensor.expand_shape", "tensor.reshape"),
)


@HOST_FORMS.of("tensor.empty")
def _empty(op: ir.Operation, shapes: Shapes) -> ir.Value:
    return shapes.builder.op("flow.tensor.empty", list(op.operands), [op.result.type]).result


@HOST_FORMS.of("tensor.splat")
def _splat(op: ir.Operation, shapes: Shapes) -> ir.Value | None:
    if isinstance(element_type(op.result), ir.ComplexType):
        return None
    return shapes.builder.op("flow.tensor.splat", list(op.operands), [op.result.type]).result


@HOST_FORMS.of("linalg.generic")
def _fill(op: ir.Operation, shapes: Shapes) -> ir.Value | None:
    linalg = LinalgOp(op)
    if not linalg.is_fill or isinstance(element_type(op.result), ir.ComplexType):
        return None
    scalar = next(iter(linalg.body.operations)).operands[0]
    if isinstance(scalar, ir.BlockArgument) and scalar.owner == linalg.body:
        scalar = op.operands[scalar.arg_number]
    operands = [scalar, *shapes.dynamic_dims(op.result)]
    return shapes.builder.op("flow.tensor.splat", operands, [op.result.type]).result


@HOST_FORMS.of(
    "tensor.cast", "tensor.bitcast", "tensor.collapse_shape", "tensor.expand_shape", "tensor.reshape"
)
def _reshape(op: ir.Operation, shapes: Shapes) -> ir.Value:
    return reshape(op.operands[0], op.result.type, shapes.dynamic_dims(op.result), shapes.builder)


def reshape(tensor: ir.Value, type: ir.Type, dims: Sequence[ir.Value], builder: IndexBuilder) -> ir.Value:
    """Append a `flow.tensor.reshape`: the same bytes under another type.

    Args:
        tensor: any.
        type: of as many elements.
        dims: sizes of the type's dynamic dimensions.
        builder: appends it.
    """
    return builder.op("flow.tensor.reshape", [tensor, *dims], [type]).result


@HOST_FORMS.of("tensor.extract_slice")
def _extract_slice(op: ir.Operation, shapes: Shapes) -> ir.Value | None:
    slice = read_slice(op)
    if not _is_contiguous(slice):
        return None
    build = shapes.builder
    type = ir.RankedTensorType(op.result.type)
    sizes = [size if isinstance(size, int) else ir.ShapedType.get_dynamic_size() for size in slice.sizes]
    sliced_type = ir.RankedTensorType.get(sizes, type.element_type, loc=op.location)
    operands = [slice.tensor, *build.values(slice.offsets), *build.values(slice.sizes)]
    sliced = build.op("flow.tensor.slice", operands, [sliced_type]).result
    return sliced if sliced_type == type else reshape(sliced, type, shapes.dynamic_dims(op.result), build)


@HOST_FORMS.of("tensor.insert_slice")
def _insert_slice(op: ir.Operation, shapes: Shapes) -> ir.Value | None:
    slice = read_slice(op)
    if slice.update is None or not _is_contiguous(slice):
        return None
    offset = _linear(slice.offsets, shapes.dims(slice.tensor), shapes.builder)
    return _update(slice.tensor, offset, slice.update, shapes.builder)


@HOST_FORMS.of("tensor.insert")
def _insert(op: ir.Operation, shapes: Shapes) -> ir.Value:
    scalar, tensor, *indices = op.operands
    build = shapes.builder
    offset = _linear(indices, shapes.dims(tensor), build)
    element = build.op("flow.tensor.splat", [scalar], [_one_element(scalar.type, op.location)]).result
    return _update(tensor, offset, element, build)


@HOST_FORMS.of("tensor.extract")
def _extract(op: ir.Operation, shapes: Shapes) -> ir.Value:
    return shapes.builder.op("flow.tensor.load", list(op.operands), [op.result.type]).result


@HOST_FORMS.of("tensor.from_elements")
def _from_elements(op: ir.Operation, shapes: Shapes) -> ir.Value:
    name = "flow.tensor.splat" if len(op.operands) == 1 else "flow.tensor.from_elements"
    return shapes.builder.op(name, list(op.operands), [op.result.type]).result


def _update(tensor: ir.Value, offset: Index, update: ir.Value, build: IndexBuilder) -> ir.Value:
    return build.op("flow.tensor.update", [tensor, build.value(offset), update], [tensor.type]).result


def _one_element(type: ir.Type, location: ir.Location) -> ir.Type:
    return ir.RankedTensorType.get([1], type, loc=location)


def _linear(indices: Sequence[Index], dims: Sequence[Index], build: IndexBuilder) -> Index:
    offset: Index = 0
    for index, dim in zip(indices, dims, strict=True):
        offset = build.add(build.mul(offset, dim), index)
    return offset


def _is_contiguous(slice: SliceOp) -> bool:
    """Whether a slice is one range of elements: whole inner dimensions, one stretch, outer sizes of one."""
    if not is_tensor(slice.tensor) or any(stride != 1 for stride in slice.strides):
        return False
    outer = True
    for size, whole in zip(slice.sizes, shape_of(slice.tensor), strict=True):
        if not outer and (whole is None or size != whole):
            return False
        outer = outer and size == 1
    return True
