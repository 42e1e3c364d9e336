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
from gossamer.compiler.host.program.steps import LoadParameters
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
