"""The system module `io_parameters` version 0: loads, gathers and scatters parameters.

In: providers, each for a scope. Out: a module that contexts load before programs that depend on it.
Spec: calling conventions, tables of keys and spans, and checks as in `iree/modules/io/parameters/module.c` of
IREE 3.13.0.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from gossamer.abi.parameter_functions import IO_PARAMETERS
from gossamer.abi.ref_types import BUFFER
from gossamer.errors import InvalidArgumentError, NotFoundError, OutOfRangeError
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.hal.device import check_queue
from gossamer.modules.hal.refs import register_hal_ref_types
from gossamer.modules.io_parameters.provider import ParameterProvider, ParameterSpan
from gossamer.modules.native import FunctionTable, NativeModule, string_argument, wrong_ref
from gossamer.vm.objects.buffer import Buffer as HostBuffer
from gossamer.vm.objects.list import List

_KEY = struct.Struct("<II")
"""Offset and length of a key in the key data."""
_SPAN = struct.Struct("<QQQ")
"""Offset in the parameter, offset in the buffer, length."""

_Providers = tuple[ParameterProvider, ...]

functions = FunctionTable(IO_PARAMETERS)

register_hal_ref_types()


@functions.export_with_state("gather")
def gather(
    providers: _Providers,
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    scope: HostBuffer | None,
    target: object,
    key_table: HostBuffer,
    key_data: HostBuffer,
    spans: HostBuffer,
) -> None:
    """Copy spans to one buffer."""
    check_queue(device, wait, signal)
    if not isinstance(target, Buffer):
        raise wrong_ref(target, BUFFER)
    provider = _resolve(providers, scope)
    provider.gather(device, affinity, wait, signal, target, decode_spans(key_table, key_data, spans))


@functions.export_with_state("load")
def load(
    providers: _Providers,
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    scope: HostBuffer | None,
    target_affinity: int,
    memory_types: int,
    usage: int,
    key_table: HostBuffer,
    key_data: HostBuffer,
    spans: HostBuffer,
) -> List:
    """Make a list of one buffer for each span."""
    del target_affinity
    check_queue(device, wait, signal)
    provider = _resolve(providers, scope)
    decoded = decode_spans(key_table, key_data, spans)
    buffers = provider.load(device, affinity, wait, signal, memory_types, usage, decoded)
    return List(BUFFER, buffers)


@functions.export_with_state("scatter")
def scatter(
    providers: _Providers,
    device: Device,
    affinity: int,
    wait: Fence | None,
    signal: Fence | None,
    source: object,
    scope: HostBuffer | None,
    key_table: HostBuffer,
    key_data: HostBuffer,
    spans: HostBuffer,
) -> None:
    """Copy one buffer to spans."""
    check_queue(device, wait, signal)
    if not isinstance(source, Buffer):
        raise wrong_ref(source, BUFFER)
    provider = _resolve(providers, scope)
    provider.scatter(device, affinity, wait, signal, source, decode_spans(key_table, key_data, spans))


class IoParametersModule(NativeModule):
    """The `io_parameters` module over a list of providers.

    Attributes:
        providers: the first that serves a scope is asked.
    """

    def __init__(self, providers: Sequence[ParameterProvider] = ()) -> None:
        self.providers = tuple(providers)
        super().__init__(functions, create_state=lambda: self.providers)


def decode_spans(key_table: object, key_data: object, spans: object) -> list[ParameterSpan]:
    """Read the tables that a program passes.

    Args:
        key_table: offset and length of each key in `key_data`, 32 bits each.
        spans: offset in the parameter, offset in the buffer and length of each span, 64 bits each.
    Raises: InvalidArgumentError for tables of a wrong length, OutOfRangeError where a key passes the data.
    """
    for table in (key_table, key_data, spans):
        if type(table) is not HostBuffer:
            raise wrong_ref(table, "!vm.buffer")
    assert isinstance(key_table, HostBuffer)
    assert isinstance(key_data, HostBuffer)
    assert isinstance(spans, HostBuffer)
    if spans.length % _SPAN.size:
        raise InvalidArgumentError(f"table of spans has {spans.length} bytes, no multiple of {_SPAN.size}")
    count = spans.length // _SPAN.size
    if key_table.length < count * _KEY.size:
        raise InvalidArgumentError(f"table of keys has {key_table.length} bytes, too few for {count} spans")
    decoded: list[ParameterSpan] = []
    keys = _KEY.iter_unpack(key_table.data[: count * _KEY.size])
    for (offset, length), span in zip(keys, _SPAN.iter_unpack(spans.data), strict=True):
        if offset + length > key_data.length:
            raise OutOfRangeError(
                f"key at [{offset}, {offset + length}) passes the key data of {key_data.length} bytes"
            )
        key = str(key_data.data[offset : offset + length], "utf-8", "surrogateescape")
        decoded.append(ParameterSpan(key, *span))
    return decoded


def _resolve(providers: _Providers, scope: HostBuffer | None) -> ParameterProvider:
    """The first provider that serves a scope.

    Raises: NotFoundError, with the scopes there are.
    """
    name = "" if scope is None else string_argument(scope)
    for provider in providers:
        if provider.supports(name):
            return provider
    scopes = [repr(provider.scope) for provider in providers]
    known = f"; there are parameters for {', '.join(scopes)}" if scopes else "; no parameters were given"
    raise NotFoundError(f"no provider registered that handles scopes like '{name}'{known}")
