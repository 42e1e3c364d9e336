"""Schedules calls: of functions of other modules, sync or async, and of this module's own."""

from __future__ import annotations

from collections.abc import Sequence

from gossamer.abi.value_type import TensorType, ValueType
from gossamer.compiler.host.program.sizes import Dim, Scalar, Shape
from gossamer.compiler.host.program.steps import (
    AssertView,
    CallCheck,
    CallFunction,
    CallImport,
    FindImport,
    Passed,
    TraceViews,
    ViewBuffer,
    ViewDim,
    Wait,
)
from gossamer.compiler.host.program.values import Resource, Tensor, Timepoint, Value, View, whole
from gossamer.compiler.host.schedule.analysis.aliasing import is_tensor
from gossamer.compiler.host.schedule.module_state import CONSTANTS
from gossamer.compiler.host.schedule.scheduler import FunctionScheduler
from gossamer.compiler.mlir import ir
from gossamer.compiler.signatures import Argument, Signature

TRACE = "flow.tensor.trace"

_RESULT_MESSAGE = "tensor"
"""What IREE calls a callee's result in messages."""


def schedule_call(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """A `func.call`."""
    name = ir.FlatSymbolRefAttr(op.attributes["callee"]).value
    signature = scheduler.module.signatures.get(name)
    if signature is not None and signature.is_import:
        _call_import(scheduler, op, signature)
    else:
        _call_internal(scheduler, op, name)


# Functions of other modules


def schedule_find_import(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """The question whether an optional import was found."""
    callee = scheduler.module.signatures[ir.FlatSymbolRefAttr(op.attributes["import"]).value]
    scheduler.module.program.imports.setdefault(callee.name, callee)
    scheduler.emit(FindImport(callee, op.results[0]))


def _call_import(scheduler: FunctionScheduler, op: ir.Operation, callee: Signature) -> None:
    scheduler.module.program.imports.setdefault(callee.name, callee)
    passed = [_passed_tensor(scheduler, value, argument) for value, argument in _with_arguments(op, callee)]
    scheduler.flush()
    before = _before_call(scheduler, passed, callee)
    wait: Wait = ()
    signal: Timepoint | None = None
    if callee.is_async:
        wait = scheduler.timeline.reduce(before)
        signal = scheduler.timeline.new(wait)
    else:
        scheduler.await_all(before)
    arguments = tuple(
        pass_out(scheduler, each, argument.type)
        for each, argument in zip(passed, callee.arguments, strict=True)
    )
    results = tuple(View(scheduler.name("view")) if is_tensor(value) else value for value in op.results)
    scheduler.emit(CallImport(callee, arguments, results, wait, signal))
    if signal is not None:
        for each in passed:
            if isinstance(each, Tensor):
                scheduler.timeline.did_read(scheduler.work.placement.range(each.range).resource, signal)
        if not any(isinstance(result.type, TensorType) for result in callee.results):
            # Why: only its effects matter, and later calls may depend on them.
            scheduler.effects = frozenset({signal}) if callee.has_side_effects else scheduler.effects
    for index, (value, view) in enumerate(zip(op.results, results, strict=True)):
        if isinstance(view, View):
            storage = _storage_of_result(scheduler, passed, callee, index)
            receive_tensor(
                scheduler, value, view, _RESULT_MESSAGE, signal, storage, type=callee.results[index].type
            )


def _with_arguments(op: ir.Operation, callee: Signature) -> list[tuple[ir.Value, Argument]]:
    return list(zip(op.operands, callee.arguments, strict=True))


def _passed_tensor(scheduler: FunctionScheduler, value: ir.Value, argument: Argument) -> Tensor | ir.Value:
    if not is_tensor(value):
        return value
    tensor = scheduler.tensors[value]
    is_constant = tensor.range.resource.name == CONSTANTS
    # The callee writes its storage; and it may keep what it is given, while globals may be updated in place.
    may_change = argument.output_of is not None or (scheduler.module.in_place_updates and not is_constant)
    if not may_change or not scheduler.shares_state(value):
        return tensor
    return Tensor(tensor.shape, tensor.element, scheduler.work.copy(tensor.range))


def _before_call(
    scheduler: FunctionScheduler, passed: Sequence[Tensor | ir.Value], callee: Signature
) -> frozenset[Timepoint]:
    before = scheduler.effects
    for argument, each in zip(callee.arguments, passed, strict=True):
        if isinstance(each, Tensor):
            is_written = argument.output_of is not None
            before |= (
                scheduler.work.before_write(each.range)
                if is_written
                else scheduler.work.before_read(each.range)
            )
    return before


def _storage_of_result(
    scheduler: FunctionScheduler, passed: Sequence[Tensor | ir.Value], callee: Signature, result: int
) -> Resource | None:
    index = callee.storage_of(result)
    storage = None if index is None else passed[index]
    return scheduler.work.placement.range(storage.range).resource if isinstance(storage, Tensor) else None


def receive_tensor(
    scheduler: FunctionScheduler,
    value: ir.Value,
    view: View,
    message: str,
    signal: Timepoint | None,
    storage: Resource | None = None,
    *,
    type: ValueType | None = None,
) -> None:
    """A tensor comes in as a view: check it, and take its buffer where one is needed.

    Args:
        signal: when it is ready, or None where it is.
        storage: the resource whose bytes it is in, where that is known.
        type: what it is outside, where that may differ from the value's type in the sign of its elements.
    """
    element = type.element if isinstance(type, TensorType) else element_of(value)
    shape = read_shape(scheduler, ir.RankedTensorType(value.type), view)
    if not scheduler.module.strip_assertions:
        scheduler.emit(AssertView(view, message, element, shape))
    resource = Resource(scheduler.name("buffer"), scheduler.size(shape, element), alias=storage)
    scheduler.set_tensor(value, Tensor(shape, element, whole(resource), view))
    if needs_buffer(scheduler, value):
        scheduler.emit(ViewBuffer(view, resource, not scheduler.module.strip_assertions))
    if signal is not None:
        scheduler.timeline.did_write(resource, signal)
    elif storage is None:
        scheduler.timeline.define(resource, ())


def pass_out(scheduler: FunctionScheduler, value: Tensor | ir.Value, type: ValueType) -> View | ir.Value:
    """What leaves this module for an argument or a result of a type."""
    if isinstance(value, Tensor):
        assert isinstance(type, TensorType)
        return scheduler.view_of(value, type.element)
    return value


def element_of(value: ir.Value) -> str:
    """Element type of a tensor."""
    return str(ir.RankedTensorType(value.type).element_type)


def read_shape(scheduler: FunctionScheduler, type: ir.RankedTensorType, view: View) -> Shape:
    """The shape of a tensor that came in as a view."""
    shape: list[Dim] = []
    for index in range(type.rank):
        if type.is_dynamic_dim(index):
            dim = Scalar(scheduler.name("d"))
            scheduler.emit(ViewDim(view, index, dim))
            shape.append(dim)
        else:
            shape.append(type.get_dim_size(index))
    return tuple(shape)


def needs_buffer(scheduler: FunctionScheduler, value: ir.Value) -> bool:
    """Whether a tensor that has a view is used by anything that cannot do with the view."""
    element = scheduler.tensors[value].element
    for use in value.uses:
        user = use.owner.operation
        is_look = user.name.startswith("check.") or user.name == TRACE
        if user.name == "tensor.dim" or (is_look and element == element_of(value)):
            continue
        if user.name == "func.call":
            callee = scheduler.module.signatures.get(ir.FlatSymbolRefAttr(user.attributes["callee"]).value)
            if (
                callee is not None
                and callee.is_import
                and _has_element(callee.arguments[use.operand_number].type, element)
            ):
                continue
        if (
            user.name == "func.return"
            and scheduler.export is not None
            and not scheduler.shares_state(value)
            and _has_element(scheduler.export.results[use.operand_number].type, element)
        ):
            storage = scheduler.export.storage_of(use.operand_number)
            if storage is None or _is_returned_storage(scheduler, value, storage):
                continue
        return True
    return False


def _has_element(type: ValueType, element: str) -> bool:
    return isinstance(type, TensorType) and type.element == element


def _is_returned_storage(scheduler: FunctionScheduler, value: ir.Value, storage: int) -> bool:
    argument = scheduler.op.regions[0].blocks[0].arguments[storage]
    return is_tensor(argument) and scheduler.aliasing.of(value) is scheduler.aliasing.of(argument)


# Functions of this module


def _call_internal(scheduler: FunctionScheduler, op: ir.Operation, name: str) -> None:
    scheduler.flush()
    is_timed = name in scheduler.module.timed_functions
    arguments: list[Passed] = []
    before: set[Timepoint] = set(scheduler.timeline.outstanding)
    for value in op.operands:
        if is_tensor(value):
            tensor = scheduler.tensors[value]
            before |= scheduler.work.before_read(tensor.range)
            arguments.extend(pass_tensor(scheduler, value))
        else:
            arguments.append(value)
    wait = scheduler.timeline.reduce(before)
    done = scheduler.timeline.new(wait)
    results: list[Value | ir.Value] = []
    for value in op.results:
        results.extend(expect_tensor(scheduler, value) if is_tensor(value) else [value])
    if is_timed:
        arguments.append(scheduler.join(wait))
        results.append(done)
    scheduler.emit(CallFunction(internal_name(name), tuple(arguments), tuple(results)))
    if is_timed:
        scheduler.contents.clear()
        # Why: the callee may have stored any global, and what it stored is ready at `done`.
        scheduler.timeline.base = frozenset({done})
        for value in (*op.operands, *op.results):
            if is_tensor(value):
                scheduler.timeline.did_write(
                    scheduler.work.placement.range(scheduler.tensors[value].range).resource, done
                )


def internal_name(symbol: str) -> str:
    """Name of the form of a function that functions of its module call."""
    return f"{symbol}$body"


def pass_tensor(scheduler: FunctionScheduler, value: ir.Value) -> list[Passed]:
    """A tensor as blocks and functions of this module take it: its buffer, then its dynamic dimensions."""
    type = ir.RankedTensorType(value.type)
    tensor = scheduler.tensors[value]
    dims = [dim for index, dim in enumerate(tensor.shape) if type.is_dynamic_dim(index)]
    return [scheduler.buffer_of(tensor), *dims]


def expect_tensor(scheduler: FunctionScheduler, value: ir.Value) -> list[Value | ir.Value]:
    """What takes in a tensor that `pass_tensor` passes."""
    type = ir.RankedTensorType(value.type)
    element = str(type.element_type)
    dims = [Scalar(scheduler.name("d")) for index in range(type.rank) if type.is_dynamic_dim(index)]
    shape = scheduler.shape(type, dims)
    resource = Resource(scheduler.name("buffer"), scheduler.size(shape, element))
    scheduler.set_tensor(value, Tensor(shape, element, whole(resource)))
    return [resource, *dims]


# What looks at tensors: the module that tests check with, and traces


def schedule_check(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """A `check.expect_*` operation."""
    _wait_for_operands(scheduler, op)
    arguments: list[View | ir.Value | float] = [
        _finished_view(scheduler, operand) if is_tensor(operand) else operand for operand in op.operands
    ]
    for name in ("atol", "rtol"):
        if name in op.attributes:
            arguments.append(ir.FloatAttr(op.attributes[name]).value)
    scheduler.emit(CallCheck(op.name, tuple(arguments)))


def schedule_trace(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    """A `flow.tensor.trace`: tensors, and then their dynamic dimensions, which are known."""
    _wait_for_operands(scheduler, op)
    views = tuple(_finished_view(scheduler, operand) for operand in op.operands if is_tensor(operand))
    scheduler.emit(TraceViews(ir.StringAttr(op.attributes["key"]).value, views))


def _wait_for_operands(scheduler: FunctionScheduler, op: ir.Operation) -> None:
    scheduler.flush()
    before: frozenset[Timepoint] = frozenset()
    for operand in op.operands:
        if is_tensor(operand):
            before |= scheduler.work.before_read(scheduler.tensors[operand].range)
    scheduler.await_all(before)


def _finished_view(scheduler: FunctionScheduler, tensor: ir.Value) -> View:
    return scheduler.view_of(scheduler.tensors[tensor], element_of(tensor))
