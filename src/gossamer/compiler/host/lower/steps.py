"""Lowers the steps of host programs to VM operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from gossamer.compiler.host.lower.calls import lower_call_check, lower_call_function, lower_call_import
from gossamer.compiler.host.lower.commands import lower_execute
from gossamer.compiler.host.lower.context import LoweringContext
from gossamer.compiler.host.lower.parameters import lower_load_parameters
from gossamer.compiler.host.program import hal_imports as hal
from gossamer.compiler.host.program.element_types import element_bits, element_type_code
from gossamer.compiler.host.program.program import (
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
    HostOp,
    Join,
    LoadGlobal,
    LoadParameters,
    PackScalars,
    ReadElement,
    Step,
    StoreGlobal,
    Subspan,
    ViewBuffer,
    ViewDim,
)
from gossamer.compiler.vm import ir

AWAIT_FAILED = "failed to wait on timepoint"
_BUFFER_MESSAGE = "tensor"
_HOST_BUFFER_ALIGNMENT = 16


def lower_step(c: LoweringContext, step: Step) -> None:
    """Append what a step becomes."""
    _LOWERINGS[type(step)](c, step)


def _host_op(c: LoweringContext, step: HostOp) -> None:
    c.converter.convert(step.op)


def _bind(c: LoweringContext, step: Bind) -> None:
    c.define(step.value, c.passed(step.source))


def _assert_view(c: LoweringContext, step: AssertView) -> None:
    b = c.builder
    c.effect(
        hal.BUFFER_VIEW_ASSERT,
        c.value(step.view),
        b.string(step.message),
        b.i32(_element_code(step.element)),
        b.i32(hal.DENSE_ROW_MAJOR),
        [c.dim(dim) for dim in step.shape],
    )


def _element_code(element: str) -> int:
    code = element_type_code(element)
    assert code is not None, element
    return code


def _view_dim(c: LoweringContext, step: ViewDim) -> None:
    c.define(step.result, c.call(hal.BUFFER_VIEW_DIM, c.value(step.view), c.builder.i32(step.index)))


def _view_buffer(c: LoweringContext, step: ViewBuffer) -> None:
    buffer = c.call(hal.BUFFER_VIEW_BUFFER, c.value(step.view))
    c.define(step.result, buffer)
    if not step.is_checked:
        return
    b = c.builder
    c.effect(
        hal.BUFFER_ASSERT,
        buffer,
        b.string(_BUFFER_MESSAGE),
        c.allocator(),
        c.size(step.result.size),
        b.i32(hal.MEMORY_TYPE_DEVICE_VISIBLE),
        b.i32(hal.BUFFER_USAGE_DEFAULT),
    )


def _create_view(c: LoweringContext, step: CreateView) -> None:
    b = c.builder
    view = c.call(
        hal.BUFFER_VIEW_CREATE,
        c.value(step.range.resource),
        c.size(step.range.offset),
        c.size(step.range.length),
        b.i32(_element_code(step.element)),
        b.i32(hal.DENSE_ROW_MAJOR),
        [c.dim(dim) for dim in step.shape],
    )
    c.define(step.result, view)


def _subspan(c: LoweringContext, step: Subspan) -> None:
    range = step.range
    buffer = c.call(hal.BUFFER_SUBSPAN, c.value(range.resource), c.size(range.offset), c.size(range.length))
    c.define(step.result, buffer)


def _allocate(c: LoweringContext, step: Allocate) -> None:
    b = c.builder
    buffer = c.call(
        hal.ALLOCATOR_ALLOCATE,
        c.allocator(),
        b.i64(hal.ANY_QUEUE),
        b.i32(hal.MEMORY_TYPE_DEVICE_LOCAL),
        b.i32(hal.BUFFER_USAGE_DEFAULT),
        c.size(step.result.size),
    )
    c.define(step.result, buffer)


def _alloca(c: LoweringContext, step: Alloca) -> None:
    b = c.builder
    buffer = c.call(
        hal.DEVICE_QUEUE_ALLOCA,
        c.device(),
        b.i64(hal.ANY_QUEUE),
        c.wait_fence(step.wait),
        c.signal_fence(step.signal),
        b.i64(0),
        b.i32(hal.MEMORY_TYPE_DEVICE_LOCAL),
        b.i32(hal.BUFFER_USAGE_DEFAULT),
        c.size(step.result.size),
        b.i64(0),
    )
    c.define(step.result, buffer)


def _dealloca(c: LoweringContext, step: Dealloca) -> None:
    b = c.builder
    fences = c.wait_fence(step.wait), c.signal_fence(step.signal)
    buffer = c.value(step.resource)
    c.effect(hal.DEVICE_QUEUE_DEALLOCA, c.device(), b.i64(hal.ANY_QUEUE), *fences, buffer, b.i64(0))


def _barrier(c: LoweringContext, step: Barrier) -> None:
    signal = c.signal_fence(step.signal)
    b = c.builder
    if step.wait:
        wait = c.wait_fence(step.wait)
        c.effect(hal.DEVICE_QUEUE_BARRIER, c.device(), b.i64(hal.ANY_QUEUE), wait, signal, b.i64(0))
        return
    # A caller who does not want to know passes no fence.
    signaling, done = c.new_block(), c.new_block()
    b.cond_br(b.op("cmp.nz.ref", signal), signaling, [], done, [])
    b.block = signaling
    c.effect(hal.FENCE_SIGNAL, signal)
    b.br(done)
    b.block = done


def _await(c: LoweringContext, step: Await) -> None:
    b = c.builder
    fences = [c.value(timepoint) for timepoint in step.wait]
    timeout = b.i32(hal.WAIT_FOREVER)
    (status,) = b.call_import_yieldable(hal.FENCE_AWAIT, timeout, b.i64(0), fences)
    c.function.blocks.append(b.block)
    failed, done = c.new_block(), c.new_block()
    b.cond_br(status, failed, [], done, [])
    b.block = failed
    b.fail(status, AWAIT_FAILED)
    b.block = done


def _join(c: LoweringContext, step: Join) -> None:
    c.define(step.result, c.wait_fence(step.wait))


def _pack_scalars(c: LoweringContext, step: PackScalars) -> None:
    b = c.builder
    bits = element_bits(step.element) or 0
    size = b.i64(len(step.elements) * bits // 8)
    buffer = b.op("buffer.alloc", size, b.i32(_HOST_BUFFER_ALIGNMENT), result_ref_type="!vm.buffer")
    for index, element in enumerate(step.elements):
        value = c.value(element)
        name = f"f{bits}" if value.type in (ir.F32, ir.F64) else f"i{bits}"
        b.effect(f"buffer.store.{name}", buffer, b.i64(index), value)
    c.define(step.result, buffer)


def _read_element(c: LoweringContext, step: ReadElement) -> None:
    b = c.builder
    buffer, offset = c.value(step.range.resource), c.size(step.range.offset)
    bits = element_bits(step.element) or 0
    low = c.call(hal.BUFFER_LOAD, buffer, offset, b.i32(min(bits // 8, 4)))
    if bits == 64:
        high = c.call(hal.BUFFER_LOAD, buffer, b.op("add.i64", offset, b.i64(4)), b.i32(4))
        shifted = b.op("shl.i64", b.op("ext.i32.i64.u", high), b.i32(32))
        value = b.op("or.i64", b.op("ext.i32.i64.u", low), shifted)
        c.define(step.result, b.op("bitcast.i64.f64", value) if step.element == "f64" else value)
    elif step.element == "f32":
        c.define(step.result, b.op("bitcast.i32.f32", low))
    else:
        c.define(step.result, low)


_STORES = {ir.I32: "i32", ir.I64: "i64", ir.F32: "f32", ir.F64: "f64"}


def _load_global(c: LoweringContext, step: LoadGlobal) -> None:
    type = c.module.globals[step.name].type
    if type.kind is ir.ValueType.REF:
        value = c.builder.op("global.load.ref", symbol=step.name, type=type.ref_type)
    else:
        value = c.builder.op(f"global.load.{_STORES[type]}", symbol=step.name)
    c.define(step.result, value)


def _store_global(c: LoweringContext, step: StoreGlobal) -> None:
    type = c.module.globals[step.name].type
    value = c.passed(step.value)
    if type.kind is ir.ValueType.REF:
        c.builder.effect("global.store.ref", value, symbol=step.name, type=type.ref_type)
    else:
        c.builder.effect(f"global.store.{_STORES[type]}", value, symbol=step.name)


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
    HostOp: _host_op,
    Join: _join,
    LoadGlobal: _load_global,
    LoadParameters: lower_load_parameters,
    PackScalars: _pack_scalars,
    ReadElement: _read_element,
    StoreGlobal: _store_global,
    Subspan: _subspan,
    ViewBuffer: _view_buffer,
    ViewDim: _view_dim,
}
