"""Schedules the `hal.tensor` operations, by which a program states its own boundary: views and fences.

Operands are told apart by their types: fences to wait for, tensors, dimensions, and buffers or views.
"""

from __future__ import annotations

from gossamer.abi.ref_types import BUFFER, BUFFER_VIEW, FENCE
from gossamer.abi.value_type import TensorType
from gossamer.compiler.host.program.commands import Copy
from gossamer.compiler.host.program.sizes import ZERO, Size
from gossamer.compiler.host.program.steps import Barrier, Bind, ViewBuffer
from gossamer.compiler.host.program.values import Range, Resource, Tensor, Timepoint, View, whole
from gossamer.compiler.host.schedule.analysis.aliasing import is_tensor
from gossamer.compiler.host.schedule.calls import receive_tensor
from gossamer.compiler.host.schedule.scheduler import FunctionScheduler
from gossamer.compiler.host.schedule.tensor_ops import Handler
from gossamer.compiler.mlir import ir
from gossamer.compiler.signatures.read import abi_type


def _of_type(op: ir.Operation, *types: str) -> list[ir.Value]:
    return [operand for operand in op.operands if str(operand.type) in types]


def _timepoint(scheduler: FunctionScheduler, op: ir.Operation) -> Timepoint | None:
    """The fence among an operation's operands."""
    for fence in _of_type(op, FENCE):
        timepoint = Timepoint(scheduler.name("fence"))
        scheduler.emit(Bind(timepoint, fence))
        return timepoint
    return None


def _import(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    (source,) = _of_type(op, BUFFER, BUFFER_VIEW)
    result = op.results[0]
    ready = _timepoint(scheduler, op)
    if str(source.type) == BUFFER_VIEW:
        view = View(scheduler.name("view"))
        scheduler.emit(Bind(view, source))
        name = ir.StringAttr(op.attributes["name"]).value if "name" in op.attributes else "tensor"
        receive_tensor(scheduler, result, view, name, ready, type=_encoding(op, "target_encoding"))
        return
    dims = [scheduler.dim(operand) for operand in op.operands if isinstance(operand.type, ir.IndexType)]
    element = str(ir.RankedTensorType(result.type).element_type)
    shape = scheduler.shape(result.type, dims)
    resource = bind_buffer(scheduler, source, scheduler.size(shape, element))
    scheduler.set_tensor(result, Tensor(shape, element, whole(resource)))
    scheduler.timeline.define(resource, () if ready is None else (ready,))


def bind_buffer(scheduler: FunctionScheduler, source: ir.Value, size: Size) -> Resource:
    """The buffer that a ref to a buffer or view is."""
    resource = Resource(scheduler.name("buffer"), size)
    if str(source.type) == BUFFER_VIEW:
        view = View(scheduler.name("view"))
        scheduler.emit(Bind(view, source))
        scheduler.emit(ViewBuffer(view, resource, not scheduler.module.strip_assertions))
    else:
        scheduler.emit(Bind(resource, source))
    return resource


def _export(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    (source,) = (operand for operand in op.operands if is_tensor(operand))
    result = op.results[0]
    tensor = scheduler.tensors[source]
    is_copied = scheduler.shares_state(source)
    if is_copied:
        tensor = Tensor(tensor.shape, tensor.element, scheduler.work.copy(tensor.range))
    scheduler.flush()
    owner = source.owner
    if is_copied or isinstance(owner, ir.Block) or owner.operation.name != "hal.tensor.barrier":
        scheduler.await_all(scheduler.work.before_read(tensor.range))
    is_view = str(result.type) == BUFFER_VIEW
    encoding = _encoding(op, "source_encoding")
    scheduler.emit(
        Bind(result, scheduler.view_of(tensor, encoding.element) if is_view else scheduler.buffer_of(tensor))
    )


def _encoding(op: ir.Operation, name: str) -> TensorType:
    """What a tensor is outside, which may differ from its own type in the sign of its elements."""
    type = abi_type(ir.TypeAttr(op.attributes[name]).value, op)
    assert isinstance(type, TensorType)
    return type


def _barrier(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    scheduler.flush()
    tensors = [operand for operand in op.operands if is_tensor(operand)]
    before: frozenset[Timepoint] = frozenset()
    for value, result in zip(tensors, op.results, strict=True):
        before |= scheduler.work.before_read(scheduler.tensors[value].range)
        scheduler.set_tensor(result, scheduler.tensors[value])
    signal = _timepoint(scheduler, op)
    if signal is not None:
        wait = scheduler.timeline.reduce(before | scheduler.timeline.outstanding)
        scheduler.emit(Barrier(wait, signal))


def _alias(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    (source,) = (operand for operand in op.operands if is_tensor(operand))
    (storage,) = _of_type(op, BUFFER, BUFFER_VIEW)
    tensor = scheduler.tensors[source]
    ready = _timepoint(scheduler, op)
    resource = bind_buffer(scheduler, storage, tensor.range.length)
    scheduler.timeline.define(resource, () if ready is None else (ready,))
    target = Range(resource, ZERO, tensor.range.length)
    scheduler.work.command(Copy(tensor.range, target))
    scheduler.set_tensor(op.results[0], Tensor(tensor.shape, tensor.element, target))


HAL_OPS: dict[str, Handler] = {
    "hal.tensor.alias": _alias,
    "hal.tensor.barrier": _barrier,
    "hal.tensor.export": _export,
    "hal.tensor.import": _import,
}


def states_fences(op: ir.Operation) -> bool:
    """Whether a function signals fences of its own account, and so never waits for its work."""
    return any(
        operation.operation.name == "hal.tensor.barrier"
        for block in op.regions[0].blocks
        for operation in block.operations
    )
