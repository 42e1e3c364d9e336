"""Schedules the tensor operations of the flow phase."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gossamer.abi.mlir_element_type import element_bits
from gossamer.compiler.constant_bytes import dense_bytes, pack_elements, splat_pattern
from gossamer.compiler.host.program.commands import Copy, Dispatch, Fill, Update, WorkgroupCount
from gossamer.compiler.host.program.sizes import Dim, Scalar, Size
from gossamer.compiler.host.program.steps import Bind, HoldBytes, LoadNamedParameter, PackScalars, ReadElement
from gossamer.compiler.host.program.values import Opaque, Range, Resource, Tensor, whole
from gossamer.compiler.host.schedule.analysis.aliasing import Origin, is_tensor
from gossamer.compiler.host.schedule.scheduler import FunctionScheduler, constant_integer
from gossamer.compiler.kernel_interface import ConstantSource, CountExpr
from gossamer.compiler.mlir import ir

Handler: TypeAlias = Callable[[FunctionScheduler, ir.Operation], None]

_LARGE_SPLAT_BYTES = 4096
"""Larger constants of one repeated element are filled in, not stored."""


def schedule_constant(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """A constant tensor: bytes of the pool, or a fill where that is shorter."""
    value = op.results[0]
    type = ir.RankedTensorType(value.type)
    element = str(type.element_type)
    shape = scheduler.shape(type, ())
    size = scheduler.size(shape, element)
    is_large = size.constant > _LARGE_SPLAT_BYTES
    pattern = splat_pattern(op.attributes["value"], element) if is_large else None
    if pattern is None:
        scheduler.set_tensor(value, Tensor(shape, element, scheduler.module.constants.add(op)))
    else:
        _fill(scheduler, scheduler.create_tensor(value, ()), int.from_bytes(pattern, "little"), len(pattern))


def schedule_bytes(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """A `util.buffer.constant`: a text or a dense attribute, as bytes of the module."""
    given = op.attributes
    value = given["value"]
    if isinstance(value, ir.StringAttr):
        data = value.value_bytes
    else:
        count = 1
        for extent in ir.ShapedType(value.type).shape:
            count *= extent
        element = str(ir.ShapedType(value.type).element_type)
        data = bytes(dense_bytes(value, element, count, op, scheduler.module.constants.resources))
    name = ir.StringAttr(given["name"]).value if "name" in given else f"{scheduler.function.name}_const"
    alignment = ir.IntegerAttr(given["alignment"]).value if "alignment" in given else 0
    mime_type = ir.StringAttr(given["mime_type"]).value if "mime_type" in given else ""
    scheduler.emit(HoldBytes(name, data, alignment, mime_type, op.results[0]))


def _load_parameter(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """A `flow.parameter.load`: a scope, if there is one, a key, an offset, and the dynamic dimensions."""
    names = [operand for operand in op.operands if str(operand.type) == "!util.buffer"]
    offset, *dims = list(op.operands)[len(names) :]
    result = op.results[0]
    element = str(ir.RankedTensorType(result.type).element_type)
    shape = scheduler.shape(result.type, [scheduler.dim(dim) for dim in dims])
    resource = Resource(scheduler.name("parameter"), scheduler.size(shape, element))
    signal = scheduler.timeline.new(())
    scope = names[0] if len(names) > 1 else None
    scheduler.emit(LoadNamedParameter(scope, names[-1], offset, resource, signal))
    scheduler.set_tensor(result, Tensor(shape, element, whole(resource)))
    scheduler.timeline.did_write(resource, signal)


def _fill(scheduler: FunctionScheduler, tensor: Tensor, pattern: int | Scalar, length: int) -> None:
    scheduler.work.command(Fill(tensor.range, pattern, length))


def _empty(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    scheduler.create_tensor(op.results[0], [scheduler.dim(operand) for operand in op.operands])


def _splat(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    scalar, *dims = op.operands
    tensor = scheduler.create_tensor(op.results[0], [scheduler.dim(dim) for dim in dims])
    length = (element_bits(tensor.element) or 0) // 8
    if length not in (1, 2, 4, 8):
        raise scheduler.error(f"a tensor of {tensor.element} cannot be filled with one value")
    _fill(scheduler, tensor, _bits(scheduler, scalar, tensor.element), length)


def _bits(scheduler: FunctionScheduler, value: ir.Value, type: str) -> Dim:
    """A scalar's bits: a number where it is a constant."""
    number = _constant_bits(value, type)
    return scheduler.scalar(value) if number is None else number


def _constant_bits(value: ir.Value, type: str) -> int | None:
    owner = value.owner
    if isinstance(owner, ir.Block) or owner.operation.name != "arith.constant":
        return None
    attr = owner.operation.attributes["value"]
    if not isinstance(attr, ir.IntegerAttr | ir.FloatAttr | ir.BoolAttr):
        return None
    return int.from_bytes(pack_elements([attr.value], type), "little")


def _same_bytes(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    source, *dims = op.operands
    type = ir.RankedTensorType(op.results[0].type)
    element = str(type.element_type)
    shape = scheduler.shape(type, [scheduler.dim(dim) for dim in dims])
    range = scheduler.tensors[source].range
    scheduler.set_tensor(op.results[0], Tensor(shape, element, range))


def _barrier(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    for operand, result in zip(op.operands, op.results, strict=True):
        if is_tensor(operand):
            scheduler.set_tensor(result, scheduler.tensors[operand])
        else:
            scheduler.emit(Bind(result, operand))


def _slice(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    source = scheduler.tensors[op.operands[0]]
    rank = len(source.shape)
    offsets = [scheduler.dim(operand) for operand in op.operands[1 : 1 + rank]]
    lengths = [scheduler.dim(operand) for operand in op.operands[1 + rank : 1 + 2 * rank]]
    type = ir.RankedTensorType(op.results[0].type)
    shape = tuple(
        length if type.is_dynamic_dim(index) else type.get_dim_size(index)
        for index, length in enumerate(lengths)
    )
    start = source.range.offset
    for index, offset in enumerate(offsets):
        inner = source.shape[index + 1 :]
        start = start + scheduler.size((offset, *inner), source.element)
    range = Range(source.range.resource, start, scheduler.size(shape, source.element))
    scheduler.set_tensor(op.results[0], Tensor(shape, source.element, range))


def _update(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    target, offset, update = op.operands
    result = op.results[0]
    source = scheduler.tensors[update]
    old = scheduler.tensors[target]
    if can_update_in_place(scheduler, op):
        tensor = Tensor(old.shape, old.element, old.range)
        scheduler.set_tensor(result, tensor)
    else:
        dims = [dim for index, dim in enumerate(old.shape) if _is_dynamic(result, index)]
        tensor = scheduler.create_tensor(result, dims)
        scheduler.work.command(Copy(old.range, tensor.range))
    start = tensor.range.offset + scheduler.size((scheduler.dim(offset),), source.element)
    scheduler.work.command(Copy(source.range, Range(tensor.range.resource, start, source.range.length)))


def _is_dynamic(value: ir.Value, index: int) -> bool:
    return ir.RankedTensorType(value.type).is_dynamic_dim(index)


def can_update_in_place(scheduler: FunctionScheduler, op: ir.Operation) -> bool:
    """Whether a `flow.tensor.update` may write its target: memory of this function that nothing else uses."""
    if op.results[0] in scheduler.in_place:
        return True
    target, _, update = op.operands
    owner = target.owner
    if isinstance(owner, ir.Block) or owner.operation.block != op.block:
        return False
    origins = scheduler.aliasing.of(target).origins
    makes_memory = owner.operation.name in _MAKES_MEMORY
    return (
        makes_memory
        and origins == Origin.ALLOCATED
        and scheduler.liveness.use_count(target) == 1
        and scheduler.aliasing.of(update) is not scheduler.aliasing.of(target)
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


def _clone(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    source = scheduler.tensors[op.operands[0]]
    result = op.results[0]
    dims = [dim for index, dim in enumerate(source.shape) if _is_dynamic(result, index)]
    scheduler.work.command(Copy(source.range, scheduler.create_tensor(result, dims).range))


def _from_elements(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    tensor = scheduler.create_tensor(op.results[0], ())
    packed = Opaque(scheduler.name("elements"), "!vm.buffer")
    scheduler.emit(PackScalars(tuple(op.operands), tensor.element, packed))
    scheduler.work.command(Update(packed, tensor.range))


def _load(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    source, *indices = op.operands
    tensor = scheduler.tensors[source]
    if (element_bits(tensor.element) or 0) % 8:
        raise scheduler.error(f"the host cannot read one element of a tensor of {tensor.element}")
    scheduler.flush()
    scheduler.await_all(scheduler.work.before_read(tensor.range))
    start = tensor.range.offset
    for index, position in enumerate(indices):
        start = start + scheduler.size((scheduler.dim(position), *tensor.shape[index + 1 :]), tensor.element)
    element_size = Size((element_bits(tensor.element) or 0) // 8)
    range = scheduler.work.placement.range(Range(tensor.range.resource, start, element_size))
    scheduler.emit(ReadElement(range, str(op.results[0].type), op.results[0]))


def _dim(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    index = constant_integer(op.operands[1])
    if index is None:
        raise scheduler.error("'tensor.dim' with an index that is not constant is not supported")
    dim = scheduler.tensors[op.operands[0]].shape[index]
    scheduler.know_dim(op.results[0], dim)
    scheduler.emit(Bind(op.results[0], dim))


def _dispatch(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    symbol = ir.FlatSymbolRefAttr(op.attributes["executable"]).value
    entry = scheduler.module.kernels[symbol]
    kernel = entry.kernel
    count = ir.IntegerAttr(op.attributes["operand_count"]).value
    operands = list(op.operands)[:count]
    dims = [scheduler.dim(operand) for operand in list(op.operands)[count:]]

    def value_of(source: ConstantSource) -> Dim:
        match source.kind:
            case "operand":
                return _bits(scheduler, operands[source.index], source.type)
            case "operand_dim":
                return scheduler.tensors[operands[source.index]].shape[source.dim]
            case "result_dim":
                return dims[source.index]

    results: list[Tensor] = []
    remaining = list(dims)
    for result in op.results:
        type = ir.RankedTensorType(result.type)
        dynamic = sum(type.is_dynamic_dim(index) for index in range(type.rank))
        results.append(scheduler.create_tensor(result, remaining[:dynamic]))
        del remaining[:dynamic]
    bindings = tuple(
        (
            scheduler.tensors[operands[binding.index]]
            if binding.kind == "operand"
            else results[binding.index]
        ).range
        for binding in kernel.bindings
    )
    x, y, z = (_workgroup_count(expression, value_of) for expression in kernel.workgroup_count)
    constants = tuple(map(value_of, kernel.constants))
    scheduler.work.command(Dispatch(entry.executable, entry.ordinal, kernel, constants, (x, y, z), bindings))


def _workgroup_count(expression: CountExpr, value_of: Callable[[ConstantSource], Dim]) -> WorkgroupCount:
    dims = tuple(
        value_of(factor) if isinstance(factor, ConstantSource) else factor for factor in expression.factors
    )
    return WorkgroupCount(dims, expression.tile)


TENSOR_OPS: dict[str, Handler] = {
    "flow.dispatch": _dispatch,
    "flow.parameter.load": _load_parameter,
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
