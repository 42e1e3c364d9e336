"""Schedules loads and stores of globals.

A tensor global is a ref to a buffer whose contents never change: a store puts another buffer in its place. So
a load costs nothing, and work still reading the old contents is not disturbed. A buffer that a caller or a
callee may hold is copied before it becomes state.
"""

from __future__ import annotations

from gossamer.abi.value_type import TensorType
from gossamer.compiler.host.program.sizes import Dim, Scalar
from gossamer.compiler.host.program.steps import Bind, LoadGlobal
from gossamer.compiler.host.program.values import Resource, Tensor, Timepoint, whole
from gossamer.compiler.host.schedule.analysis.aliasing import AliasClass, Origin
from gossamer.compiler.host.schedule.module_state import CONSTANTS, ModuleGlobal, ModuleState
from gossamer.compiler.host.schedule.scheduler import FunctionScheduler
from gossamer.compiler.mlir import ir


def schedule_load(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """A `ml_program.global_load` or `global_load_const`."""
    variable = _global(scheduler.module, op)
    result = op.results[0]
    known = scheduler.contents.get(variable.name)
    if isinstance(known, Tensor):
        scheduler.set_tensor(result, known)
    elif known is not None:
        scheduler.emit(Bind(result, known))
    elif not isinstance(variable.type, TensorType):
        scheduler.emit(LoadGlobal(variable.name, result))
    else:
        tensor = _load_tensor(scheduler, variable, result)
        scheduler.set_tensor(result, tensor)
        scheduler.contents[variable.name] = tensor


def _load_tensor(scheduler: FunctionScheduler, variable: ModuleGlobal, result: ir.Value) -> Tensor:
    type = ir.RankedTensorType(result.type)
    element = str(type.element_type)
    dims: list[Dim] = []
    for index in range(type.rank):
        if type.is_dynamic_dim(index):
            dim = Scalar(scheduler.name("d"))
            scheduler.emit(LoadGlobal(variable.dims[index], dim))
            dims.append(dim)
    shape = scheduler.shape(type, dims)
    resource = Resource(scheduler.name(variable.name), scheduler.size(shape, element))
    scheduler.emit(LoadGlobal(variable.name, resource))
    if variable.timepoint:
        ready = Timepoint(scheduler.name("ready"))
        scheduler.emit(LoadGlobal(variable.timepoint, ready))
        scheduler.timeline.define(resource, {ready} | scheduler.timeline.base)
    return Tensor(shape, element, whole(resource))


def schedule_store(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """A `ml_program.global_store`."""
    variable = _global(scheduler.module, op)
    value = op.operands[0]
    if not isinstance(variable.type, TensorType):
        scheduler.store_later(variable.name, value)
        scheduler.contents[variable.name] = value
        return
    tensor = scheduler.tensors[value]
    if not _may_become_state(scheduler, op):
        tensor = Tensor(tensor.shape, tensor.element, scheduler.work.copy(tensor.range))
    scheduler.contents[variable.name] = tensor
    scheduler.store_tensor_later(variable, tensor)


def _may_become_state(scheduler: FunctionScheduler, op: ir.Operation) -> bool:
    value = op.operands[0]
    alias_class = scheduler.aliasing.of(value)
    is_own = not alias_class.origins & (Origin.CALLER | Origin.CALLEE)
    is_constant = scheduler.tensors[value].range.resource.name == CONSTANTS
    in_storage = any(
        storage.resource.root is scheduler.tensors[value].range.resource.root
        for storage in scheduler.storages.values()
    )
    if not is_own or alias_class.is_shared or is_constant or in_storage:
        return False
    return not scheduler.module.in_place_updates or _is_alone(op, alias_class)


def _is_alone(op: ir.Operation, alias_class: AliasClass) -> bool:
    """Whether the tensor a store stores is made, and made state, once in each run of its block."""
    owner = op.operands[0].owner
    while not isinstance(owner, ir.Block) and owner.operation.name == "flow.tensor.reshape":
        owner = owner.operation.operands[0].owner
    is_made_here = not isinstance(owner, ir.Block) and owner.operation.block == op.block
    return is_made_here and alias_class.origins == Origin.ALLOCATED and alias_class.store_count == 1


def _global(module: ModuleState, op: ir.Operation) -> ModuleGlobal:
    symbol = ir.FlatSymbolRefAttr(op.attributes["global"]).value
    return module.globals[symbol]
