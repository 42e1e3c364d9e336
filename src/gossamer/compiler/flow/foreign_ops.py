"""`flow.tensor` operations that a program contains already become upstream ones where these say the same.

As parsed, an operation takes its tensors, indices, and then the dynamic dimensions of each tensor it names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gossamer.compiler.flow.host_ops import reshape
from gossamer.compiler.mlir import ir
from gossamer.compiler.tensor.generic_builder import append_slice
from gossamer.compiler.tensor.index_builder import Index, IndexBuilder
from gossamer.compiler.tensor.tensor_op import shape_of
from gossamer.compiler.walk import find

_BARRIER = "util.optimization_barrier"

Lowering: TypeAlias = Callable[[ir.Operation, IndexBuilder], "ir.Value"]


def replace_foreign_ops(module: ir.Module) -> None:
    """Convert the operations of a module in place."""
    for op in find(module.operation, *_LOWERINGS):
        value = _LOWERINGS[op.name](op, IndexBuilder(ir.InsertionPoint(op), op.location))
        op.results[0].replace_all_uses_with(value)
        op.erase()


def _dynamic_count(tensor: ir.Value) -> int:
    return shape_of(tensor).count(None)


def _dynamic_constant(op: ir.Operation, build: IndexBuilder) -> ir.Value:
    value = ir.DenseElementsAttr(op.attributes["value"])
    constant = _hidden(build, build.constant(value, value.type))
    sizes = zip(shape_of(constant), shape_of(op.result), strict=True)
    dims = [_hidden(build, build.value(size)) for size, known in sizes if known is None and size is not None]
    return reshape(constant, op.result.type, dims, build)


def _hidden(build: IndexBuilder, value: ir.Value) -> ir.Value:
    return build.op(_BARRIER, [value], [value.type]).result


def _reshape(op: ir.Operation, build: IndexBuilder) -> ir.Value:
    source, *dims = op.operands
    return reshape(source, op.result.type, dims[_dynamic_count(source) :], build)


def _same(op: ir.Operation, build: IndexBuilder) -> ir.Value:
    return op.operands[0]


def _empty(op: ir.Operation, build: IndexBuilder) -> ir.Value:
    return build.op("tensor.empty", list(op.operands), [op.result.type]).result


def _splat(op: ir.Operation, build: IndexBuilder) -> ir.Value:
    return build.op("tensor.splat", list(op.operands), [op.result.type]).result


def _load(op: ir.Operation, build: IndexBuilder) -> ir.Value:
    source, *indices = op.operands
    rank = len(shape_of(source))
    return build.op("tensor.extract", [source, *indices[:rank]], [op.result.type]).result


def _store(op: ir.Operation, build: IndexBuilder) -> ir.Value:
    value, target, *indices = op.operands
    operands = [value, target, *indices[: len(shape_of(target))]]
    return build.op("tensor.insert", operands, [op.result.type]).result


def _slice(op: ir.Operation, build: IndexBuilder) -> ir.Value:
    source, *numbers = op.operands
    rank = len(shape_of(source))
    sizes: list[Index] = list(numbers[rank : 2 * rank])
    for dim, size in enumerate(shape_of(op.result)):
        sizes[dim] = sizes[dim] if size is None else size
    places = numbers[:rank], sizes, [1] * rank
    return append_slice(build, "tensor.extract_slice", [source], op.result.type, places)


def _update(op: ir.Operation, build: IndexBuilder) -> ir.Value:
    update, target, *numbers = op.operands
    rank = len(shape_of(target))
    dims = iter(numbers[rank:])
    sizes: list[Index] = [next(dims) if size is None else size for size in shape_of(update)]
    places = numbers[:rank], sizes, [1] * rank
    return append_slice(build, "tensor.insert_slice", [update, target], target.type, places)


_LOWERINGS: dict[str, Lowering] = {
    "flow.tensor.alloca": _empty,
    "flow.tensor.barrier": _same,
    "flow.tensor.bitcast": _reshape,
    "flow.tensor.clone": _same,
    "flow.tensor.dynamic_constant": _dynamic_constant,
    "flow.tensor.empty": _empty,
    "flow.tensor.load": _load,
    "flow.tensor.reshape": _reshape,
    "flow.tensor.slice": _slice,
    "flow.tensor.splat": _splat,
    "flow.tensor.store": _store,
    "flow.tensor.tie_shape": _same,
    "flow.tensor.transfer": _same,
    "flow.tensor.update": _update,
}
