"""Schedules the tensor operations of the flow phase."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gossamer.compiler.host.program.commands import Copy, Dispatch, Fill, Update, WorkgroupCount
from gossamer.compiler.host.program.constant_bytes import pack_elements, splat_pattern
from gossamer.compiler.host.program.element_types import element_bits
from gossamer.compiler.host.program.program import Bind, PackScalars, ReadElement
from gossamer.compiler.host.program.sizes import Dim, Scalar, Size
from gossamer.compiler.host.program.values import Opaque, Range, Tensor
from gossamer.compiler.host.schedule.analysis.aliasing import Origin, is_tensor
from gossamer.compiler.host.schedule.scheduler import FunctionScheduler, constant_integer
from gossamer.compiler.kernel_interface import ConstantSource, CountExpr
from gossamer.compiler.mlir import ir

Handler: TypeAlias = Callable[[FunctionScheduler, ir.Operation], None]

_LARGE_SPLAT_BYTES = 4096
"""Larger constants of one repeated element are filled in, not stored."""


def schedule_constant(s: FunctionScheduler, op: ir.Operation) -> None:
    """A constant tensor: bytes of the pool, or a fill where that is shorter."""
    value = op.results[0]
    type = ir.RankedTensorType(value.type)
    element = str(type.element_type)
    shape = s.shape(type, ())
    size = s.size(shape, element)
    is_large = size.constant > _LARGE_SPLAT_BYTES
    pattern = splat_pattern(op.attributes["value"], element) if is_large else None
    if pattern is None:
        s.set_tensor(value, Tensor(shape, element, s.module.constants.add(op)))
    else:
        _fill(s, s.create_tensor(value, ()), int.from_bytes(pattern, "little"), len(pattern))


def _fill(s: FunctionScheduler, tensor: Tensor, pattern: int | Scalar, length: int) -> None:
    s.work.command(Fill(tensor.range, pattern, length))


def _empty(s: FunctionScheduler, op: ir.Operation) -> None:
    s.create_tensor(op.results[0], [s.dim(operand) for operand in op.operands])


def _splat(s: FunctionScheduler, op: ir.Operation) -> None:
    scalar, *dims = op.operands
    tensor = s.create_tensor(op.results[0], [s.dim(dim) for dim in dims])
    length = (element_bits(tensor.element) or 0) // 8
    if length not in (1, 2, 4, 8):
        raise s.error(f"a tensor of {tensor.element} cannot be filled with one value")
    _fill(s, tensor, _bits(s, scalar, tensor.element), length)


def _bits(s: FunctionScheduler, value: ir.Value, type: str) -> Dim:
    """A scalar's bits: a number where it is a constant."""
    number = _constant_bits(value, type)
    return s.scalar(value) if number is None else number


def _constant_bits(value: ir.Value, type: str) -> int | None:
    owner = value.owner
    if isinstance(owner, ir.Block) or owner.operation.name != "arith.constant":
        return None
    attr = owner.operation.attributes["value"]
    if not isinstance(attr, ir.IntegerAttr | ir.FloatAttr | ir.BoolAttr):
        return None
    return int.from_bytes(pack_elements([attr.value], type), "little")


def _same_bytes(s: FunctionScheduler, op: ir.Operation) -> None:
    source, *dims = op.operands
    type = ir.RankedTensorType(op.results[0].type)
    element = str(type.element_type)
    shape = s.shape(type, [s.dim(dim) for dim in dims])
    range = s.tensors[source].range
    s.set_tensor(op.results[0], Tensor(shape, element, range))


def _barrier(s: FunctionScheduler, op: ir.Operation) -> None:
    for operand, result in zip(op.operands, op.results, strict=True):
        if is_tensor(operand):
            s.set_tensor(result, s.tensors[operand])
        else:
            s.emit(Bind(result, operand))


def _slice(s: FunctionScheduler, op: ir.Operation) -> None:
    source = s.tensors[op.operands[0]]
    rank = len(source.shape)
    offsets = [s.dim(operand) for operand in op.operands[1 : 1 + rank]]
    lengths = [s.dim(operand) for operand in op.operands[1 + rank : 1 + 2 * rank]]
    type = ir.RankedTensorType(op.results[0].type)
    shape = tuple(
        length if type.is_dynamic_dim(index) else type.get_dim_size(index)
        for index, length in enumerate(lengths)
    )
    start = source.range.offset
    for index, offset in enumerate(offsets):
        inner = source.shape[index + 1 :]
        start = start + s.size((offset, *inner), source.element)
    range = Range(source.range.resource, start, s.size(shape, source.element))
    s.set_tensor(op.results[0], Tensor(shape, source.element, range))


def _update(s: FunctionScheduler, op: ir.Operation) -> None:
    target, offset, update = op.operands
    result = op.results[0]
    source = s.tensors[update]
    old = s.tensors[target]
    if can_update_in_place(s, op):
        tensor = Tensor(old.shape, old.element, old.range)
        s.set_tensor(result, tensor)
    else:
        dims = [dim for index, dim in enumerate(old.shape) if _is_dynamic(result, index)]
        tensor = s.create_tensor(result, dims)
        s.work.command(Copy(old.range, tensor.range))
    start = tensor.range.offset + s.size((s.dim(offset),), source.element)
    s.work.command(Copy(source.range, Range(tensor.range.resource, start, source.range.length)))


def _is_dynamic(value: ir.Value, index: int) -> bool:
    return ir.RankedTensorType(value.type).is_dynamic_dim(index)


def can_update_in_place(s: FunctionScheduler, op: ir.Operation) -> bool:
    """Whether a `flow.tensor.update` may write its target: memory of this function that nothing else uses."""
    if op.results[0] in s.in_place:
        return True
    target, _, update = op.operands
    owner = target.owner
    if isinstance(owner, ir.Block) or owner.operation.block != op.block:
        return False
    origins = s.aliasing.of(target).origins
    makes_memory = owner.operation.name in _MAKES_MEMORY
    return (
        makes_memory
        and origins == Origin.ALLOCATED
        and s.liveness.use_count(target) == 1
        and s.aliasing.of(update) is not s.aliasing.of(target)
    )


_MAKES_MEMORY = frozenset(
    {
        "flow.dispatch",
        "flow.tensor.empty",
        "flow.tensor.splat",
        "flow.tensor.clone",
        "flow.tensor.update",
        "flow.tensor.from_elements",
    }
)


def _clone(s: FunctionScheduler, op: ir.Operation) -> None:
    source = s.tensors[op.operands[0]]
    result = op.results[0]
    dims = [dim for index, dim in enumerate(source.shape) if _is_dynamic(result, index)]
    s.work.command(Copy(source.range, s.create_tensor(result, dims).range))


def _from_elements(s: FunctionScheduler, op: ir.Operation) -> None:
    tensor = s.create_tensor(op.results[0], ())
    packed = Opaque(s.name("elements"), "!vm.buffer")
    s.emit(PackScalars(tuple(op.operands), tensor.element, packed))
    s.work.command(Update(packed, tensor.range))


def _load(s: FunctionScheduler, op: ir.Operation) -> None:
    source, *indices = op.operands
    tensor = s.tensors[source]
    s.flush()
    s.await_all(s.work.before_read(tensor.range))
    start = tensor.range.offset
    for index, position in enumerate(indices):
        start = start + s.size((s.dim(position), *tensor.shape[index + 1 :]), tensor.element)
    element_size = Size((element_bits(tensor.element) or 0) // 8)
    range = s.work.placement.range(Range(tensor.range.resource, start, element_size))
    s.emit(ReadElement(range, tensor.element, op.results[0]))


def _dim(s: FunctionScheduler, op: ir.Operation) -> None:
    index = constant_integer(op.operands[1])
    if index is None:
        raise s.error("'tensor.dim' with an index that is not constant is not supported")
    dim = s.tensors[op.operands[0]].shape[index]
    s.know_dim(op.results[0], dim)
    s.emit(Bind(op.results[0], dim))


def _dispatch(s: FunctionScheduler, op: ir.Operation) -> None:
    symbol = ir.FlatSymbolRefAttr(op.attributes["executable"]).value
    entry = s.module.kernels[symbol]
    kernel = entry.kernel
    count = ir.IntegerAttr(op.attributes["operand_count"]).value
    operands = list(op.operands)[:count]
    dims = [s.dim(operand) for operand in list(op.operands)[count:]]

    def value_of(source: ConstantSource) -> Dim:
        match source.kind:
            case "operand":
                return _bits(s, operands[source.index], source.type)
            case "operand_dim":
                return s.tensors[operands[source.index]].shape[source.dim]
            case "result_dim":
                return dims[source.index]

    results: list[Tensor] = []
    remaining = list(dims)
    for result in op.results:
        type = ir.RankedTensorType(result.type)
        dynamic = sum(type.is_dynamic_dim(index) for index in range(type.rank))
        results.append(s.create_tensor(result, remaining[:dynamic]))
        del remaining[:dynamic]
    bindings = tuple(
        (s.tensors[operands[binding.index]] if binding.kind == "operand" else results[binding.index]).range
        for binding in kernel.bindings
    )
    x, y, z = (_workgroup_count(expression, value_of) for expression in kernel.workgroup_count)
    constants = tuple(map(value_of, kernel.constants))
    s.work.command(Dispatch(entry.executable, entry.ordinal, kernel, constants, (x, y, z), bindings))


def _workgroup_count(expression: CountExpr, value_of: Callable[[ConstantSource], Dim]) -> WorkgroupCount:
    dims = tuple(
        value_of(factor) if isinstance(factor, ConstantSource) else factor for factor in expression.factors
    )
    return WorkgroupCount(dims, expression.tile)


TENSOR_OPS: dict[str, Handler] = {
    "flow.dispatch": _dispatch,
    "flow.tensor.clone": _clone,
    "flow.tensor.empty": _empty,
    "flow.tensor.from_elements": _from_elements,
    "flow.tensor.load": _load,
    "flow.tensor.reshape": _same_bytes,
    "flow.tensor.slice": _slice,
    "flow.tensor.splat": _splat,
    "flow.tensor.update": _update,
    "tensor.dim": _dim,
    "util.optimization_barrier": _barrier,
}
