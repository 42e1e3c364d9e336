"""The functions of the `io_parameters` module, called as programs call them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gossamer.drivers.registry import create_device
from gossamer.errors import InvalidArgumentError, NotFoundError, OutOfRangeError, StatusCode, StatusError
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.index import ParameterIndex
from gossamer.hal.device import Device
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.io_parameters.module import IoParametersModule, decode_spans
from gossamer.modules.io_parameters.provider import ParameterProvider, ParameterSpan
from gossamer.vm.objects.buffer import Buffer as HostBuffer

ANY = -1
DEVICE_LOCAL = 48
MUTABLE = 0xC03
Call = Callable[..., Any]


def _host(data: bytes) -> HostBuffer:
    return HostBuffer.wrap(data)


def _tables(*spans: tuple[bytes, int, int, int]) -> tuple[HostBuffer, HostBuffer, HostBuffer]:
    """Tables of keys, parameter offsets, buffer offsets and lengths, as compilers pass them."""
    keys, table, places = b"", b"", b""
    for key, *span in spans:
        table += struct.pack("<II", len(keys), len(key))
        keys += key
        places += struct.pack("<QQQ", *span)
    return _host(table), _host(keys), _host(places)


@pytest.fixture(params=["local-sync", "local-task"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    device = create_device(request.param)
    yield device
    device.close()


@pytest.fixture
def words() -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.arange(8, dtype=np.float32)


@pytest.fixture
def call(words: np.ndarray[Any, np.dtype[np.float32]]) -> Call:
    named, unnamed = ParameterIndex(), ParameterIndex()
    named.add_range("words", FileHandle(words.data, writable=True), 0, 32)
    unnamed.add_splat("ones", b"\1", 8)
    module = IoParametersModule([ParameterProvider("model", named), ParameterProvider("", unnamed)])
    exports = module.create_state().link(())

    def function(name: str, *arguments: object) -> Any:
        return exports.bind(name)(*arguments)

    return function


def test_it_is_a_module_programs_know() -> None:
    module = IoParametersModule()
    assert (module.name, module.version) == ("io_parameters", 0)
    assert {export.name: export.calling_convention for export in module.exports.values()} == {
        "gather": "0rIrrrrrrr_v",
        "load": "0rIrrrIiirrr_r",
        "scatter": "0rIrrrrrrr_v",
    }


def test_load(call: Call, device: Device) -> None:
    done = Fence.create()
    tables = _tables((b"words", 4, 0, 8), (b"words", 0, 0, 32))
    place = ANY, DEVICE_LOCAL, MUTABLE
    loaded = call("load", device, ANY, None, done, _host(b"model"), *place, *tables)
    done.wait(10)
    assert loaded.element_type == "!hal.buffer"
    first, second = (loaded.get_ref(index) for index in range(2))
    assert first.to_numpy().view(np.float32).tolist() == [1, 2]
    assert second.byte_length == 32
    ones = call("load", device, ANY, done, None, None, *place, *_tables((b"ones", 0, 0, 8)))
    device.close()
    assert bytes(ones.get_ref(0).to_numpy()) == b"\1" * 8


def test_gather_and_scatter(call: Call, device: Device, words: np.ndarray[Any, np.dtype[np.float32]]) -> None:
    buffer = device.allocator.allocate_buffer(12)
    gathered, scattered = Fence.create(), Fence.create()
    tables = _tables((b"words", 8, 4, 8), (b"words", 28, 0, 4))
    call("gather", device, ANY, None, gathered, _host(b"model"), buffer, *tables)
    call(
        *("scatter", device, ANY, gathered, scattered, buffer, _host(b"model")),
        *_tables((b"words", 0, 4, 4), (b"words", 4, 0, 4)),
    )
    scattered.wait(10)
    assert buffer.to_numpy().view(np.float32).tolist() == [7, 2, 3]
    assert words.tolist() == [2, 7, 2, 3, 4, 5, 6, 7]


def test_unknown_scopes_and_keys(call: Call, device: Device) -> None:
    place = ANY, DEVICE_LOCAL, MUTABLE
    with pytest.raises(NotFoundError, match="scopes like 'modle'; there are parameters for 'model', ''"):
        call("load", device, ANY, None, None, _host(b"modle"), *place, *_tables())
    done = Fence.create()
    tables = _tables((b"wrods", 0, 0, 8))
    with pytest.raises(NotFoundError, match="key 'wrods'; did you mean 'words'"):
        call("load", device, ANY, None, done, _host(b"model"), *place, *tables)
    assert done.query() == StatusCode.NOT_FOUND


def test_empty_operations_signal(call: Call, device: Device) -> None:
    wait, done = Fence.create(), Fence.create()
    buffer = device.allocator.allocate_buffer(4)
    call("gather", device, ANY, wait, done, _host(b"model"), buffer, *_tables())
    assert not done.is_reached
    wait.signal()
    done.wait(10)


def test_spans_are_read_from_tables() -> None:
    tables = _tables((b"a", 1, 2, 3), (b"", 0, 0, 0), (b"b\xff", (1 << 64) - 1, 5, 6))
    key = b"b\xff".decode("utf-8", "surrogateescape")
    assert decode_spans(*tables) == [
        ParameterSpan("a", 1, 2, 3),
        ParameterSpan("", 0, 0, 0),
        ParameterSpan(key, (1 << 64) - 1, 5, 6),
    ]


@pytest.mark.parametrize(
    ("tables", "error", "message"),
    [
        ((b"", b"", bytes(23)), InvalidArgumentError, "23 bytes, no multiple of 24"),
        ((bytes(7), b"", bytes(24)), InvalidArgumentError, "7 bytes, too few for 1 spans"),
        ((struct.pack("<II", 3, 1), b"abc", bytes(24)), OutOfRangeError, r"key at \[3, 4\) passes"),
        ((struct.pack("<II", 1, 0xFFFFFFFF), b"abc", bytes(24)), OutOfRangeError, "passes the key data"),
    ],
)
def test_wrong_tables(tables: tuple[bytes, bytes, bytes], error: type[StatusError], message: str) -> None:
    with pytest.raises(error, match=message):
        decode_spans(*(_host(table) for table in tables))


def test_wrong_refs(call: Call, device: Device) -> None:
    tables = _tables((b"words", 0, 0, 4))
    buffer = device.allocator.allocate_buffer(4)
    model = _host(b"model")
    for arguments in (
        (None, ANY, None, None, model, buffer, *tables),
        (device, ANY, buffer, None, model, buffer, *tables),
        (device, ANY, None, None, buffer, buffer, *tables),
        (device, ANY, None, None, model, model, *tables),
        (device, ANY, None, None, model, None, *tables),
        (device, ANY, None, None, model, buffer, None, *tables[1:]),
        (device, ANY, None, None, model, buffer, *tables[:2], buffer),
    ):
        with pytest.raises(InvalidArgumentError):
            call("gather", *arguments)
    with pytest.raises(InvalidArgumentError, match="not UTF-8"):
        call("gather", device, ANY, None, None, _host(b"\xff"), buffer, *tables)
