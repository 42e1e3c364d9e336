"""Schedules the ends of a function: what comes in as arguments, and what goes out as results."""

from __future__ import annotations

from gossamer.abi.ref_types import BUFFER, BUFFER_VIEW, FENCE
from gossamer.abi.value_type import RefType, TensorType
from gossamer.compiler.host.program.commands import Copy
from gossamer.compiler.host.program.program import Return
from gossamer.compiler.host.program.sizes import Size
from gossamer.compiler.host.program.steps import Barrier, Passed, ViewBuffer
from gossamer.compiler.host.program.values import Range, Resource, Tensor, Timepoint, View, whole
from gossamer.compiler.host.schedule.analysis.aliasing import is_slice, is_tensor
from gossamer.compiler.host.schedule.calls import (
    expect_tensor,
    needs_buffer,
    pass_out,
    pass_tensor,
    read_shape,
    receive_tensor,
)
from gossamer.compiler.host.schedule.hal_ops import bind_buffer
from gossamer.compiler.host.schedule.scheduler import FunctionScheduler
from gossamer.compiler.host.schedule.tensor_ops import can_update_in_place
from gossamer.compiler.mlir import ir
from gossamer.compiler.signatures import Argument, Signature


def schedule_arguments(scheduler: FunctionScheduler) -> None:
    """Take in a function's arguments."""
    entry = scheduler.op.regions[0].blocks[0]
    if scheduler.export is not None:
        _export_arguments(scheduler, scheduler.export, entry)
        return
    arguments = scheduler.block.arguments
    for argument in entry.arguments:
        arguments.extend(expect_tensor(scheduler, argument) if is_tensor(argument) else [argument])
    scheduler.function.result_types = _internal_result_types(scheduler)
    if scheduler.is_timed:
        arrival = Timepoint("arrival")
        arguments.append(arrival)
        scheduler.timeline.enter_block(arrival)


def _internal_result_types(scheduler: FunctionScheduler) -> tuple[str, ...]:
    types: list[str] = []
    for type in ir.FunctionType(ir.TypeAttr(scheduler.op.attributes["function_type"]).value).results:
        if isinstance(type, ir.RankedTensorType):
            types.append(BUFFER)
            types.extend("I" for index in range(type.rank) if type.is_dynamic_dim(index))
        else:
            types.append(str(type))
    return (*types, FENCE) if scheduler.is_timed else tuple(types)


# Exports


def _export_arguments(scheduler: FunctionScheduler, export: Signature, entry: ir.Block) -> None:
    views: list[View | None] = []
    for value, argument in zip(entry.arguments, export.arguments, strict=True):
        view = View(argument.name) if isinstance(argument.type, TensorType) else None
        views.append(view)
        scheduler.block.arguments.append(view or value)
    wait: Timepoint | None = None
    if export.is_async:
        wait = Timepoint("wait")
        scheduler.caller_signal = Timepoint("signal")
        scheduler.block.arguments.extend((wait, scheduler.caller_signal))
    for value, argument, view in zip(entry.arguments, export.arguments, views, strict=True):
        if argument.output_of is not None:
            storage = _receive_storage(scheduler, value, argument, view, wait)
            scheduler.result_storages[argument.output_of] = storage
        elif argument.is_transients:
            scheduler.work.lent = bind_buffer(scheduler, value, Size())
            if wait is not None:
                scheduler.timeline.did_write(scheduler.work.lent, wait)
        elif view is not None:
            receive_tensor(scheduler, value, view, argument.name, wait, type=argument.type)
    scheduler.function.result_types = tuple(_result_type(result.type) for result in export.results)
    _bind_storages(scheduler, export, entry)


def _result_type(type: TensorType | RefType | object) -> str:
    if isinstance(type, TensorType):
        return BUFFER_VIEW
    return str(type)


def _receive_storage(
    scheduler: FunctionScheduler,
    value: ir.Value,
    argument: Argument,
    view: View | None,
    wait: Timepoint | None,
) -> Range:
    """Take in memory for a result. As in IREE, what nothing reads may have any shape that is large enough."""
    if view is None:
        resource = _receive_buffer(scheduler, value, argument)
    elif scheduler.liveness.use_count(value) > 0:
        receive_tensor(scheduler, value, view, argument.name, wait, type=argument.type)
        resource = scheduler.tensors[value].range.resource
        if not needs_buffer(scheduler, value):
            scheduler.emit(ViewBuffer(view, resource, not scheduler.module.strip_assertions))
    else:
        assert isinstance(argument.type, TensorType)
        element = argument.type.element
        shape = read_shape(scheduler, ir.RankedTensorType(value.type), view)
        resource = Resource(scheduler.name("storage"), scheduler.size(shape, element))
        scheduler.set_tensor(value, Tensor(shape, element, whole(resource), view))
        scheduler.emit(ViewBuffer(view, resource, not scheduler.module.strip_assertions))
    if wait is not None:
        scheduler.timeline.did_write(resource, wait)
    return whole(resource)


def _receive_buffer(scheduler: FunctionScheduler, value: ir.Value, argument: Argument) -> Resource:
    """The memory that a ref to a buffer or buffer view is."""
    assert scheduler.export is not None
    assert argument.output_of is not None
    type = scheduler.export.results[argument.output_of].type
    if not isinstance(type, TensorType) or None in type.shape:
        raise scheduler.error(
            f"storage of type {argument.type} needs a result of static shape, not {type}",
            hint="pass the storage as a tensor",
        )
    shape = tuple(extent or 0 for extent in type.shape)
    return bind_buffer(scheduler, value, scheduler.size(shape, type.element))


def _bind_storages(scheduler: FunctionScheduler, export: Signature, entry: ir.Block) -> None:
    """Have results written to the caller's storage by the work that makes them, where that is safe."""
    terminator = list(entry.operations)[-1].operation
    if terminator.name != "func.return":
        return
    for index, argument in enumerate(export.arguments):
        if argument.output_of is None:
            continue
        made = _maker(scheduler, terminator.operands[argument.output_of], entry.arguments[index])
        if made is not None and _may_overwrite(scheduler, entry.arguments[index], made):
            scheduler.storages[made] = scheduler.result_storages[argument.output_of]


def _maker(scheduler: FunctionScheduler, value: ir.Value, storage: ir.Value) -> ir.Value | None:
    """The value whose making puts a returned tensor's bytes in place, or None where they exist already.

    Updates of the storage's old contents are noted as being done in place.
    """
    while True:
        owner = value.owner
        if isinstance(owner, ir.Block) or owner.operation.block != scheduler.op.regions[0].blocks[0]:
            return None
        op = owner.operation
        if op.name == "flow.tensor.update" and _updates(scheduler, op, storage):
            scheduler.in_place.add(op.results[0])
            return None
        if op.name == "flow.tensor.reshape" or (
            op.name == "flow.tensor.update" and can_update_in_place(scheduler, op)
        ):
            value = op.operands[0]
        elif op.name in ("flow.dispatch", "flow.tensor.splat", "flow.tensor.update", "flow.tensor.empty"):
            return value if value not in scheduler.storages else None
        else:
            return None


def _updates(scheduler: FunctionScheduler, op: ir.Operation, storage: ir.Value) -> bool:
    """Whether an operation updates storage whose old contents nothing else needs."""
    target, _, update = op.operands
    return (
        target == storage
        and scheduler.liveness.use_count(target) == 1
        and scheduler.aliasing.of(update) is not scheduler.aliasing.of(target)
    )


def _may_overwrite(scheduler: FunctionScheduler, storage: ir.Value, made: ir.Value) -> bool:
    """Whether all that reads the storage's old contents comes before the operation that makes `made`."""
    is_stored = is_tensor(storage) and scheduler.aliasing.of(storage).store_count > 0
    if scheduler.liveness.is_used_elsewhere(storage) or is_stored:
        return False
    maker = made.owner
    assert not isinstance(maker, ir.Block)
    operations = [operation.operation for operation in scheduler.op.regions[0].blocks[0].operations]
    made_at = operations.index(maker.operation)
    return all(operations.index(use.owner.operation) < made_at for use in storage.uses)


def schedule_return(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """A `func.return`."""
    if scheduler.export is None:
        _internal_return(scheduler, op)
        return
    outgoing = [_outgoing(scheduler, value, index) for index, value in enumerate(op.operands)]
    scheduler.work.submit()
    if not scheduler.is_async:
        scheduler.await_all(_after_all(scheduler, outgoing))
    scheduler.write_globals()
    values = [
        pass_out(scheduler, each, result.type)
        for each, result in zip(outgoing, scheduler.export.results, strict=True)
    ]
    if scheduler.caller_signal is not None:
        wait = scheduler.timeline.reduce(_after_all(scheduler, outgoing))
        scheduler.emit(Barrier(wait, scheduler.caller_signal))
    scheduler.block.terminator = Return(tuple(values))


def _after_all(scheduler: FunctionScheduler, outgoing: list[Tensor | ir.Value]) -> set[Timepoint]:
    pending = set(scheduler.timeline.outstanding) | scheduler.effects
    for each in outgoing:
        if isinstance(each, Tensor):
            pending |= scheduler.work.before_read(each.range)
    return pending


def _outgoing(scheduler: FunctionScheduler, value: ir.Value, index: int) -> Tensor | ir.Value:
    if not is_tensor(value):
        return value
    tensor = scheduler.tensors[value]
    storage = scheduler.result_storages.get(index)
    if storage is not None:
        return _outgoing_in_storage(scheduler, tensor, storage, index)
    if scheduler.shares_state(value) or is_slice(value):
        return Tensor(tensor.shape, tensor.element, scheduler.work.copy(tensor.range, leaves=True))
    return tensor


def _outgoing_in_storage(scheduler: FunctionScheduler, tensor: Tensor, storage: Range, index: int) -> Tensor:
    assert scheduler.export is not None
    if tensor.range.resource.root is not storage.resource.root:
        target = Range(storage.resource, storage.offset, tensor.range.length)
        scheduler.work.command(Copy(tensor.range, target))
        tensor = Tensor(tensor.shape, tensor.element, target)
    if tensor.view is None and all(isinstance(dim, int) for dim in tensor.shape):
        argument = scheduler.export.storage_of(index)
        assert argument is not None
        held = scheduler.tensors.get(scheduler.op.regions[0].blocks[0].arguments[argument])
        view = held.view if held is not None else None
        return Tensor(tensor.shape, tensor.element, tensor.range, view)
    return tensor


def _internal_return(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    scheduler.flush()
    values: list[Passed] = []
    for value in op.operands:
        values.extend(pass_tensor(scheduler, value) if is_tensor(value) else [value])
    if scheduler.is_timed:
        pending = set(scheduler.timeline.outstanding) | scheduler.effects
        for value in op.operands:
            if is_tensor(value):
                pending |= scheduler.work.before_read(scheduler.tensors[value].range)
        values.append(scheduler.join(pending))
    scheduler.block.terminator = Return(tuple(values))
