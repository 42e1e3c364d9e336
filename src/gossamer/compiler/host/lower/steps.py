"""Lowers the steps of host programs to VM operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from gossamer.abi import hal_functions as hal
from gossamer.abi.command_flags import ANY_QUEUE, WAIT_FOREVER
from gossamer.abi.element_type import ENCODING_DENSE_ROW_MAJOR
from gossamer.abi.mlir_element_type import element_bits, element_type_code
from gossamer.compiler.host.lower.calls import (
    lower_call_check,
    lower_call_function,
    lower_call_import,
    lower_find_import,
    lower_trace,
)
from gossamer.compiler.host.lower.commands import lower_execute
from gossamer.compiler.host.lower.context import LoweringContext
from gossamer.compiler.host.lower.parameters import lower_load_named_parameter, lower_load_parameters
from gossamer.compiler.host.program import hal_flags
from gossamer.compiler.host.program.steps import (
    Alloca,
    Allocate,
    AssertView,
    Await,
    Barrier,
    Bind,
    CallCheck,
    CallFunction,
    CallImport,
    CreateView,
    Dealloca,
    Execute,
    FindImport,
    HoldBytes,
    HostOp,
    Join,
    LoadGlobal,
    LoadNamedParameter,
    LoadParameters,
    PackScalars,
    ReadElement,
    Step,
    StoreGlobal,
    Subspan,
    TraceViews,
    ViewBuffer,
    ViewDim,
)
from gossamer.compiler.vm import ir

AWAIT_FAILED = "failed to wait on timepoint"
_BUFFER_MESSAGE = "tensor"
_HOST_BUFFER_ALIGNMENT = 16


def lower_step(context: LoweringContext, step: Step) -> None:
    """Append what a step becomes."""
    _LOWERINGS[type(step)](context, step)


def _host_op(context: LoweringContext, step: HostOp) -> None:
    context.converter.convert(step.op)


def _bind(context: LoweringContext, step: Bind) -> None:
    context.define(step.value, context.passed(step.source))


def _assert_view(context: LoweringContext, step: AssertView) -> None:
    builder = context.builder
    context.effect(
        hal.BUFFER_VIEW_ASSERT,
        context.value(step.view),
        builder.string(step.message),
        builder.i32(_element_code(step.element)),
        builder.i32(ENCODING_DENSE_ROW_MAJOR),
        [context.dim(dim) for dim in step.shape],
    )


def _element_code(element: str) -> int:
    code = element_type_code(element)
    assert code is not None, element
    return code


def _view_dim(context: LoweringContext, step: ViewDim) -> None:
    context.define(
        step.result,
        context.call(hal.BUFFER_VIEW_DIM, context.value(step.view), context.builder.i32(step.index)),
    )


def _view_buffer(context: LoweringContext, step: ViewBuffer) -> None:
    buffer = context.call(hal.BUFFER_VIEW_BUFFER, context.value(step.view))
    context.define(step.result, buffer)
    if not step.is_checked:
        return
    builder = context.builder
    context.effect(
        hal.BUFFER_ASSERT,
        buffer,
        builder.string(_BUFFER_MESSAGE),
        context.allocator(),
        context.size(step.result.size),
        builder.i32(hal_flags.MEMORY_TYPE_DEVICE_VISIBLE),
        builder.i32(hal_flags.BUFFER_USAGE_DEFAULT),
    )


def _create_view(context: LoweringContext, step: CreateView) -> None:
    builder = context.builder
    view = context.call(
        hal.BUFFER_VIEW_CREATE,
        context.value(step.range.resource),
        context.size(step.range.offset),
        context.size(step.range.length),
        builder.i32(_element_code(step.element)),
        builder.i32(ENCODING_DENSE_ROW_MAJOR),
        [context.dim(dim) for dim in step.shape],
    )
    context.define(step.result, view)


def _subspan(context: LoweringContext, step: Subspan) -> None:
    range = step.range
    buffer = context.call(
        hal.BUFFER_SUBSPAN,
        context.value(range.resource),
        context.size(range.offset),
        context.size(range.length),
    )
    context.define(step.result, buffer)


def _allocate(context: LoweringContext, step: Allocate) -> None:
    builder = context.builder
    buffer = context.call(
        hal.ALLOCATOR_ALLOCATE,
        context.allocator(),
        builder.i64(ANY_QUEUE),
        builder.i32(hal_flags.MEMORY_TYPE_DEVICE_LOCAL),
        builder.i32(hal_flags.BUFFER_USAGE_DEFAULT),
        context.size(step.result.size),
    )
    context.define(step.result, buffer)


def _alloca(context: LoweringContext, step: Alloca) -> None:
    builder = context.builder
    buffer = context.call(
        hal.DEVICE_QUEUE_ALLOCA,
        context.device(),
        builder.i64(ANY_QUEUE),
        context.wait_fence(step.wait),
        context.signal_fence(step.signal),
        builder.i64(0),
        builder.i32(hal_flags.MEMORY_TYPE_DEVICE_LOCAL),
        builder.i32(hal_flags.BUFFER_USAGE_DEFAULT),
        context.size(step.result.size),
        builder.i64(0),
    )
    context.define(step.result, buffer)


def _dealloca(context: LoweringContext, step: Dealloca) -> None:
    builder = context.builder
    fences = context.wait_fence(step.wait), context.signal_fence(step.signal)
    buffer = context.value(step.resource)
    context.effect(
        hal.DEVICE_QUEUE_DEALLOCA,
        context.device(),
        builder.i64(ANY_QUEUE),
        *fences,
        buffer,
        builder.i64(0),
    )


def _barrier(context: LoweringContext, step: Barrier) -> None:
    signal = context.signal_fence(step.signal)
    builder = context.builder
    if step.wait:
        wait = context.wait_fence(step.wait)
        context.effect(
            hal.DEVICE_QUEUE_BARRIER,
            context.device(),
            builder.i64(ANY_QUEUE),
            wait,
            signal,
            builder.i64(0),
        )
        return
    # A caller who does not want to know passes no fence.
    signaling, done = context.new_block(), context.new_block()
    builder.cond_br(builder.op("cmp.nz.ref", signal), signaling, [], done, [])
    builder.block = signaling
    context.effect(hal.FENCE_SIGNAL, signal)
    builder.br(done)
    builder.block = done


def _await(context: LoweringContext, step: Await) -> None:
    builder = context.builder
    fences = [context.value(timepoint) for timepoint in step.wait]
    timeout = builder.i32(WAIT_FOREVER)
    (status,) = builder.call_import_yieldable(ir.import_of(hal.FENCE_AWAIT), timeout, builder.i64(0), fences)
    context.function.blocks.append(builder.block)
    failed, done = context.new_block(), context.new_block()
    builder.cond_br(status, failed, [], done, [])
    builder.block = failed
    builder.fail(status, AWAIT_FAILED)
    builder.block = done


def _join(context: LoweringContext, step: Join) -> None:
    context.define(step.result, context.wait_fence(step.wait))


def _pack_scalars(context: LoweringContext, step: PackScalars) -> None:
    builder = context.builder
    bits = element_bits(step.element) or 0
    size = builder.i64(len(step.elements) * bits // 8)
    buffer = builder.op(
        "buffer.alloc", size, builder.i32(_HOST_BUFFER_ALIGNMENT), result_ref_type="!vm.buffer"
    )
    for index, element in enumerate(step.elements):
        value = context.value(element)
        name = f"f{bits}" if value.type in (ir.F32, ir.F64) else f"i{bits}"
        builder.effect(f"buffer.store.{name}", buffer, builder.i64(index), value)
    context.define(step.result, buffer)


def _hold_bytes(context: LoweringContext, step: HoldBytes) -> None:
    value = context.builder.constant_bytes(step.name, step.data, step.alignment, step.mime_type)
    context.define(step.result, value)


def _read_element(context: LoweringContext, step: ReadElement) -> None:
    builder = context.builder
    buffer, offset = context.value(step.range.resource), context.size(step.range.offset)
    bits = element_bits(step.element) or 0
    low = context.call(hal.BUFFER_LOAD, buffer, offset, builder.i32(min(bits // 8, 4)))
    if bits == 64:
        high = context.call(
            hal.BUFFER_LOAD, buffer, builder.op("add.i64", offset, builder.i64(4)), builder.i32(4)
        )
        shifted = builder.op("shl.i64", builder.op("ext.i32.i64.u", high), builder.i32(32))
        value = builder.op("or.i64", builder.op("ext.i32.i64.u", low), shifted)
        context.define(step.result, builder.op("bitcast.i64.f64", value) if step.element == "f64" else value)
    elif step.element == "f32":
        context.define(step.result, builder.op("bitcast.i32.f32", low))
    else:
        context.define(step.result, low)


_STORES = {ir.I32: "i32", ir.I64: "i64", ir.F32: "f32", ir.F64: "f64"}


def _load_global(context: LoweringContext, step: LoadGlobal) -> None:
    type = context.module.globals[step.name].type
    if type.kind is ir.ValueType.REF:
        value = context.builder.op("global.load.ref", symbol=step.name, type=type.ref_type)
    else:
        value = context.builder.op(f"global.load.{_STORES[type]}", symbol=step.name)
    context.define(step.result, value)


def _store_global(context: LoweringContext, step: StoreGlobal) -> None:
    type = context.module.globals[step.name].type
    value = context.passed(step.value)
    if type.kind is ir.ValueType.REF:
        context.builder.effect("global.store.ref", value, symbol=step.name, type=type.ref_type)
    else:
        context.builder.effect(f"global.store.{_STORES[type]}", value, symbol=step.name)


_Lowering: TypeAlias = Callable[[LoweringContext, Any], None]

_LOWERINGS: dict[type, _Lowering] = {
    Alloca: _alloca,
    Allocate: _allocate,
    AssertView: _assert_view,
    Await: _await,
    Barrier: _barrier,
    Bind: _bind,
    CallCheck: lower_call_check,
    CallFunction: lower_call_function,
    CallImport: lower_call_import,
    CreateView: _create_view,
    Dealloca: _dealloca,
    Execute: lower_execute,
    FindImport: lower_find_import,
    HoldBytes: _hold_bytes,
    HostOp: _host_op,
    Join: _join,
    LoadGlobal: _load_global,
    LoadNamedParameter: lower_load_named_parameter,
    LoadParameters: lower_load_parameters,
    PackScalars: _pack_scalars,
    ReadElement: _read_element,
    StoreGlobal: _store_global,
    Subspan: _subspan,
    TraceViews: lower_trace,
    ViewBuffer: _view_buffer,
    ViewDim: _view_dim,
}
