"""Sizes of dimensions in a StableHLO program, as expressions: those that are always equal compare equal.

Frameworks compute a dynamic shape in a tensor of integers. Followed back to the sizes of arguments, it costs
scalar arithmetic, and tells which broadcasts expand.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from gossamer.compiler.input.stablehlo.builder import dims_of, signed
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder


@dataclass(frozen=True, slots=True)
class DimSize:
    """The size of a dimension of a tensor whose type does not state it."""

    tensor: ir.Value
    dim: int


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a tensor of integers of rank 0 or 1."""

    tensor: ir.Value
    position: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """An operation of `arith` on two sizes."""

    name: str
    left: Size
    right: Size


Size: TypeAlias = "int | DimSize | Element | Arithmetic"

_ARITHMETIC = {
    "stablehlo.add": "arith.addi",
    "stablehlo.divide": "arith.divsi",
    "stablehlo.maximum": "arith.maxsi",
    "stablehlo.minimum": "arith.minsi",
    "stablehlo.multiply": "arith.muli",
    "stablehlo.remainder": "arith.remsi",
    "stablehlo.subtract": "arith.subi",
}

_FOLDS: dict[str, Callable[[int, int], int]] = {
    "arith.addi": operator.add,
    "arith.muli": operator.mul,
    "arith.subi": operator.sub,
}

# Operations whose results have the shape of their last operand.
_ELEMENTWISE = frozenset(
    f"stablehlo.{name}"
    for name in (
        *(
            "abs",
            "add",
            "and",
            "atan2",
            "cbrt",
            "ceil",
            "compare",
            "convert",
            "cosine",
            "divide",
            "exponential",
        ),
        *(
            "exponential_minus_one",
            "floor",
            "imag",
            "is_finite",
            "log",
            "log_plus_one",
            "logistic",
            "maximum",
        ),
        *(
            "minimum",
            "multiply",
            "negate",
            "not",
            "or",
            "power",
            "real",
            "remainder",
            "reverse",
            "rsqrt",
            "select",
        ),
        *("sign", "sine", "sqrt", "subtract", "tan", "tanh", "xor"),
    )
)
_BY_SHAPE_OPERAND = (
    "stablehlo.dynamic_broadcast_in_dim",
    "stablehlo.dynamic_iota",
    "stablehlo.dynamic_reshape",
)


def size_of(tensor: ir.Value, dim: int) -> Size:
    """The size of a dimension."""
    # Why a loop: chains of operations are longer than calls may be deep.
    while True:
        type = ir.RankedTensorType(tensor.type)
        if not type.is_dynamic_dim(dim):
            return type.get_dim_size(dim)
        op = _producer(tensor)
        source = op and _source(op, dim)
        if not source:
            return _computed_size(op, dim) or DimSize(tensor, dim)
        tensor, dim = source


def _source(op: ir.Operation, dim: int) -> tuple[ir.Value, int] | None:
    """The dimension of an operand that has the size of a result's dimension."""
    operands = list(op.operands)
    if op.name in _ELEMENTWISE:
        return operands[-1], dim
    if op.name == "stablehlo.transpose":
        return operands[0], list(ir.DenseI64ArrayAttr(op.attributes["permutation"]))[dim]
    if op.name == "stablehlo.reduce":
        reduced = list(ir.DenseI64ArrayAttr(op.attributes["dimensions"]))
        kept = [kept for kept in range(ir.RankedTensorType(operands[0].type).rank) if kept not in reduced]
        return operands[0], kept[dim]
    if op.name == "stablehlo.dot_general":
        return _source_of_product(op, dim)
    return None


def _computed_size(op: ir.Operation | None, dim: int) -> Size | None:
    if op is None:
        return None
    if op.name in _BY_SHAPE_OPERAND:
        return element_of(op.operands[len(op.operands) - 1], dim)
    if op.name == "stablehlo.real_dynamic_slice":
        start, limit, stride = (element_of(operand, dim) for operand in list(op.operands)[1:])
        length = _arithmetic("arith.subi", limit, start)
        return length if stride == 1 else _arithmetic("arith.ceildivsi", length, stride)
    return None


def _source_of_product(op: ir.Operation, dim: int) -> tuple[ir.Value, int]:
    left, right = op.operands
    left_batch, left_summed = (
        dims_of(op, "dot_dimension_numbers", f"lhs_{kind}_dimensions") for kind in ("batching", "contracting")
    )
    right_batch, right_summed = (
        dims_of(op, "dot_dimension_numbers", f"rhs_{kind}_dimensions") for kind in ("batching", "contracting")
    )
    sources = [(left, batch) for batch in left_batch]
    for operand, taken in ((left, left_batch + left_summed), (right, right_batch + right_summed)):
        rank = ir.RankedTensorType(operand.type).rank
        sources += [(operand, free) for free in range(rank) if free not in taken]
    return sources[dim]


def element_of(tensor: ir.Value, position: int) -> Size:
    """An element of a tensor of integers of rank 0, where the position is 0, or 1."""
    op = _producer(tensor)
    if op is None:
        return Element(tensor, position)
    operands = list(op.operands)
    if op.name == "stablehlo.constant":
        return int(ir.DenseIntElementsAttr(op.attributes["value"])[position])
    if op.name == "stablehlo.get_dimension_size":
        return size_of(operands[0], ir.IntegerAttr(op.attributes["dimension"]).value)
    if op.name == "stablehlo.concatenate":
        return _element_of_concatenation(operands, position)
    if op.name == "stablehlo.slice":
        (start,), (stride,) = (
            ir.DenseI64ArrayAttr(op.attributes[key]) for key in ("start_indices", "strides")
        )
        return element_of(operands[0], start + stride * position)
    if op.name == "stablehlo.convert" and _is_wide(operands[0]):
        return element_of(operands[0], position)
    if op.name in ("stablehlo.reshape", "stablehlo.broadcast_in_dim"):
        return _element_of_reshaped(op, tensor, position)
    if op.name in _ARITHMETIC:
        return _arithmetic(_ARITHMETIC[op.name], *(element_of(operand, position) for operand in operands))
    return Element(tensor, position)


def _element_of_reshaped(op: ir.Operation, tensor: ir.Value, position: int) -> Size:
    (operand,) = op.operands
    type = ir.RankedTensorType(operand.type)
    if type.rank > 1:
        return Element(tensor, position)
    if type.rank == 0 or type.get_dim_size(0) == 1:
        return element_of(operand, 0)
    return element_of(operand, position)


def _element_of_concatenation(operands: list[ir.Value], position: int) -> Size:
    for operand in operands:
        length = ir.RankedTensorType(operand.type).get_dim_size(0)
        if position < length:
            return element_of(operand, position)
        position -= length
    raise AssertionError("a position beyond the concatenated tensors")


def _arithmetic(name: str, left: Size, right: Size) -> Size:
    if (
        isinstance(left, int)
        and isinstance(right, int)
        and name in ("arith.addi", "arith.muli", "arith.subi")
    ):
        return (
            left + right if name == "arith.addi" else left * right if name == "arith.muli" else left - right
        )
    if right == 0 and name in ("arith.addi", "arith.subi"):
        return left
    sign = {"arith.addi": 1, "arith.subi": -1}.get(name)
    if sign is None or not isinstance(right, int) or not isinstance(left, Arithmetic):
        return Arithmetic(name, left, right)
    if left.name == "arith.addi" and isinstance(left.right, int):
        # (b + -2) + 2 is b: sizes that frameworks derive from an argument's size and back.
        return _arithmetic("arith.addi", left.left, left.right + sign * right)
    return Arithmetic(name, left, right)


def _is_wide(tensor: ir.Value) -> bool:
    """Whether sizes are kept by a conversion from a tensor's type."""
    element = ir.RankedTensorType(tensor.type).element_type
    return isinstance(element, ir.IntegerType) and element.width >= 32


def _producer(value: ir.Value) -> ir.Operation | None:
    owner = value.owner
    return None if isinstance(owner, ir.Block) else owner.operation


def append_size(build: IndexBuilder, size: Size) -> Index:
    """Append what computes a size."""
    if isinstance(size, int):
        return size
    index = [build.index_type]
    if isinstance(size, DimSize):
        return build.op("tensor.dim", [size.tensor, build.value(size.dim)], index).result
    if isinstance(size, Arithmetic):
        sides = [build.value(append_size(build, side)) for side in (size.left, size.right)]
        return build.op(size.name, sides, index).result
    tensor = signed(size.tensor)
    type = ir.RankedTensorType(tensor.type)
    position = [build.value(size.position)] if type.rank else []
    element = build.op("tensor.extract", [tensor, *position], [type.element_type]).result
    return (
        element if element.type == build.index_type else build.op("arith.index_cast", [element], index).result
    )
