"""Lowers loads of parameters to calls of the `io_parameters` module.

Spec: `iree/modules/io/parameters/exports.inl` of IREE 3.13.0, and the tables that its compiler passes.
"""

from __future__ import annotations

import struct
from itertools import accumulate

from gossamer.abi.command_flags import ANY_QUEUE
from gossamer.abi.parameter_functions import LOAD
from gossamer.abi.ref_types import BUFFER, FENCE
from gossamer.compiler.host.lower.context import LoweringContext
from gossamer.compiler.host.program import hal_flags
from gossamer.compiler.host.program.steps import LoadNamedParameter, LoadParameters
from gossamer.compiler.vm import ir

_HOST_BUFFER = "!vm.buffer"
_TABLE_ALIGNMENT = 16


def lower_load_parameters(context: LoweringContext, step: LoadParameters) -> None:
    """One call that makes a list of buffers, in the order of the keys."""
    builder = context.builder
    buffers = context.call(
        LOAD,
        context.device(),
        builder.i64(ANY_QUEUE),
        builder.null(FENCE),
        context.signal_fence(step.signal),
        _rodata(context, f"{step.signal.name}_scope", _encoded(step.scope))
        if step.scope
        else builder.null(_HOST_BUFFER),
        builder.i64(ANY_QUEUE),
        builder.i32(hal_flags.MEMORY_TYPE_DEVICE_LOCAL),
        builder.i32(hal_flags.BUFFER_USAGE_DEFAULT if step.is_mutable else hal_flags.BUFFER_USAGE_CONSTANT),
        *(_rodata(context, f"{step.signal.name}_{name}", data) for name, data in _tables(step).items()),
    )
    for index, result in enumerate(step.results):
        context.define(result, builder.op("list.get.ref", buffers, builder.i32(index), type=BUFFER))


def lower_load_named_parameter(context: LoweringContext, step: LoadNamedParameter) -> None:
    """The same with tables of one entry, made when it is called."""
    builder = context.builder
    key = context.value(step.key)
    length = builder.op("trunc.i64.i32", builder.op("buffer.length", key))
    places = _table(context, [builder.i32(0), length])
    spans = _table(context, [context.value(step.offset), builder.i64(0), context.size(step.result.size)])
    buffers = context.call(
        LOAD,
        context.device(),
        builder.i64(ANY_QUEUE),
        builder.null(FENCE),
        context.signal_fence(step.signal),
        builder.null(_HOST_BUFFER) if step.scope is None else context.value(step.scope),
        builder.i64(ANY_QUEUE),
        builder.i32(hal_flags.MEMORY_TYPE_DEVICE_LOCAL),
        builder.i32(hal_flags.BUFFER_USAGE_DEFAULT),
        *(places, key, spans),
    )
    context.define(step.result, builder.op("list.get.ref", buffers, builder.i32(0), type=BUFFER))


def _table(context: LoweringContext, numbers: list[ir.Value]) -> ir.Value:
    """A host buffer of integers of one width."""
    builder = context.builder
    width = 4 if numbers[0].type == ir.I32 else 8
    size, alignment = builder.i64(len(numbers) * width), builder.i32(_TABLE_ALIGNMENT)
    table = builder.op("buffer.alloc", size, alignment, result_ref_type=_HOST_BUFFER)
    for index, number in enumerate(numbers):
        builder.effect(f"buffer.store.i{width * 8}", table, builder.i64(index), number)
    return table


def _tables(step: LoadParameters) -> dict[str, bytes]:
    """Places of the keys, the keys, and places of the parameters, by name, in the order of arguments."""
    keys = [_encoded(key) for key in step.keys]
    ends = list(accumulate(map(len, keys)))
    places = [struct.pack("<II", end - len(key), len(key)) for key, end in zip(keys, ends, strict=True)]
    spans = [struct.pack("<QQQ", 0, 0, result.size.constant) for result in step.results]
    return {"key_table": b"".join(places), "keys": b"".join(keys), "spans": b"".join(spans)}


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _rodata(context: LoweringContext, name: str, data: bytes) -> ir.Value:
    context.module.rodata[name] = ir.Rodata(name, data, _TABLE_ALIGNMENT)
    return context.builder.op("const.ref.rodata", symbol=name, result_ref_type=_HOST_BUFFER)
