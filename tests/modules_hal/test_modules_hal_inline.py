"""The functions of `hal_inline` and `hal_loader`, called as programs call them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gossamer.drivers.driver import DeviceOptions
from gossamer.drivers.registry import create_device
from gossamer.errors import (
    AbortedError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    ResourceExhaustedError,
    UnimplementedError,
)
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.limits.errors import CallResourceError
from gossamer.limits.scope import call_limits
from gossamer.modules.hal.inline import HalInlineModule
from gossamer.modules.hal.loader import HalLoaderModule
from gossamer.processor.cpu_features import cpu_feature
from gossamer.vm.objects.buffer import Buffer as HostBuffer
from hal_kernels import COUNT, FAIL, HALVE, native_executable, python_executable

F32 = 0x21000020
Call = Callable[..., Any]


class StubLoader:
    def supports_format(self, format: str) -> bool:
        return format == "stub"

    def load(self, format: str, data: object, constants: tuple[int, ...]) -> Executable:
        assert constants == (1, 2)
        return native_executable()


@pytest.fixture
def device() -> Iterator[Device]:
    device = create_device("local-sync", DeviceOptions([StubLoader()]))
    yield device
    device.close()


@pytest.fixture
def call(device: Device) -> Call:
    modules = [HalInlineModule([device]), HalLoaderModule([device])]
    exports = [module.create_state().link(()) for module in modules]
    return lambda name, *arguments: exports["executable." in name].bind(name)(*arguments)


def text(value: str) -> HostBuffer:
    return HostBuffer.wrap(value.encode())


def test_storage_is_the_memory_of_the_buffer(call: Call) -> None:
    buffer, storage = call("buffer.allocate", 64, 12)
    storage.data[4] = 9

    assert call("buffer.length", buffer) == storage.length == 12
    assert buffer.to_numpy()[4] == 9
    assert call("buffer.storage", call("buffer.subspan", buffer, 4, 2)).data.tolist()[0] == 9
    assert call("buffer.storage", buffer).address == storage.address


def test_storage_keeps_the_memory_alive(call: Call, device: Device) -> None:
    _, storage = call("buffer.allocate", 64, 1 << 20)
    storage.data[-1] = 7
    others = [device.allocator.allocate_buffer(1 << 20) for _ in range(4)]
    for other in others:
        other.to_numpy()[:] = 0

    assert storage.data[-1] == 7


def test_storage_of_a_buffer_that_is_read_only_cannot_be_written(call: Call, device: Device) -> None:
    buffer = device.allocator.import_memory(bytes(64), 0, 0)

    assert not call("buffer.storage", buffer).is_mutable


def test_initialized_buffers_are_copies(call: Call) -> None:
    source = HostBuffer.wrap(bytearray(range(16)))
    buffer, storage = call("buffer.allocate.initialized", 16, source, 4, 8)
    source.data[4] = 99

    assert bytes(storage.data) == bytes(range(4, 12))
    assert buffer.byte_length == 8
    with pytest.raises(OutOfRangeError):
        call("buffer.allocate.initialized", 16, source, 9, 8)


@pytest.mark.parametrize("length", [-1, 1 << 60])
def test_sizes_that_cannot_be_allocated(call: Call, length: int) -> None:
    with pytest.raises((InvalidArgumentError, ResourceExhaustedError)):
        call("buffer.allocate", 64, length)


def test_host_memory_is_not_wrapped(call: Call) -> None:
    with pytest.raises(UnimplementedError, match="vm->hal buffer wrapping not yet implemented"):
        call("buffer.wrap", HostBuffer.allocate(4), 0, 4)


def test_views(call: Call) -> None:
    buffer, _ = call("buffer.allocate", 64, 64)
    view = call("buffer_view.create", buffer, 8, 24, F32, 1, [2, 3])

    assert isinstance(view, BufferView)
    assert call("buffer_view.rank", view) == 2
    assert call("buffer_view.dim", view, 1) == 3
    assert call("buffer_view.buffer", view).byte_offset == 8
    call("buffer_view.assert", view, text("x"), F32, 1, [2, 3])
    with pytest.raises(InvalidArgumentError, match="x shape dimension 0 mismatch"):
        call("buffer_view.assert", view, text("x"), F32, 1, [3, 3])


def test_traces_go_where_the_module_was_told(device: Device) -> None:
    seen: list[str] = []
    module = HalInlineModule([device], trace=lambda key, views: seen.append(f"{key} {len(views)}"))
    buffer, _ = module.create_state().link(()).bind("buffer.allocate")(64, 4)  # type: ignore[misc]
    module.create_state().link(()).bind("buffer_view.trace")(text("key"), [BufferView(buffer, [1], F32)])

    assert seen == ["key 1"]


def test_the_processor_can_be_asked_about(call: Call) -> None:
    assert call("device.query.i64", text("hal.cpu"), text("no-such-feature")) == (0, 0)
    assert call("device.query.i64", text("hal.device"), text("concurrency")) == (0, 0)
    known = "avx2" if cpu_feature("avx2") is not None else "neon"
    assert call("device.query.i64", text("hal.cpu"), text(known)) == (
        int(cpu_feature(known) is not None),
        cpu_feature(known) or 0,
    )


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("buffer.length", [None], "ref is null; expected !hal.buffer, found null"),
        ("buffer.storage", [text("x")], "ref type mismatch; expected !hal.buffer, found !vm.buffer"),
        ("buffer.wrap", [None, 0, 0], "expected !vm.buffer, found null"),
        ("buffer.allocate.initialized", [0, None, 0, 0], "expected !vm.buffer, found null"),
        ("executable.dispatch", [None, 0, 1, 1, 1, [], []], "expected !hal.executable, found null"),
        ("executable.load", [text("stub"), None, None], "expected !vm.buffer, found null"),
    ],
)
def test_refs_of_the_wrong_type(call: Call, name: str, arguments: list[object], expected: str) -> None:
    with pytest.raises(InvalidArgumentError, match=expected):
        call(name, *arguments)


def test_loading_executables(call: Call) -> None:
    constants = HostBuffer.wrap(np.array([1, 2], np.uint32))
    assert call("executable.query_support", text("stub")) == 1
    assert call("executable.query_support", text("other")) == 0
    executable = call("executable.load", text("stub"), text("data"), constants)

    assert call("executable.lookup.function", executable, text("halve")) == HALVE
    with pytest.raises(NotFoundError, match="no exported function with the name `no`"):
        call("executable.lookup.function", executable, text("no"))
    with pytest.raises(NotFoundError, match=r"no executable loader registered .* 'other'"):
        call("executable.load", text("other"), text("data"), None)
    with pytest.raises(InvalidArgumentError, match="4-byte elements but data length is 3"):
        call("executable.load", text("stub"), text("data"), text("abc"))


@pytest.mark.parametrize("executable", [native_executable, python_executable])
def test_dispatches_run_on_ranges_of_host_memory(call: Call, executable: Callable[[], Executable]) -> None:
    source = HostBuffer.wrap(np.arange(8, dtype=np.float32))
    target = HostBuffer.allocate(32)
    for _ in range(2):
        call("executable.dispatch", executable(), HALVE, 3, 1, 1, [], [(source, 8, 12), (target, 4, 12)])

    assert np.frombuffer(target.data, np.float32).tolist() == [0, 1, 1.5, 2, 0, 0, 0, 0]


def test_dispatches_with_constants_and_a_grid(call: Call) -> None:
    target = HostBuffer.allocate(16 * 16 * 4 * 2)
    for constant in (4, -1):
        arguments = [native_executable(), COUNT, 2, 3, 2, [constant], [(target, 0, target.length)]]
        call("executable.dispatch", *arguments)
    counts = np.frombuffer(target.data, np.int32).reshape(2, 16, 16)

    assert (counts[:, :3, :2] == 5).all()
    assert counts.sum() == 5 * 12


def test_a_failing_kernel_fails_the_call(call: Call) -> None:
    with pytest.raises(AbortedError, match="while dispatching 'fail'"):
        call("executable.dispatch", native_executable(), FAIL, 8, 1, 1, [], [])


@pytest.mark.parametrize("executable", [native_executable, python_executable])
def test_dispatches_end_with_their_scope(call: Call, executable: Callable[[], Executable]) -> None:
    target = HostBuffer.allocate(1 << 14)
    with call_limits(max_steps=3), pytest.raises(CallResourceError):
        call("executable.dispatch", executable(), COUNT, 1, 1, 9, [1], [(target, 0, 1 << 14)])


@pytest.mark.parametrize(
    ("function", "count", "bindings", "error", "message"),
    [
        (99, 1, 0, OutOfRangeError, "function id 99 out of bounds"),
        (-1, 1, 0, OutOfRangeError, "function id -1 out of bounds"),
        (HALVE, 1, 33, ResourceExhaustedError, "too many bindings"),
        (HALVE, 1, 1, InvalidArgumentError, "binding count mismatch, expected 2"),
    ],
)
def test_refused_dispatches(
    call: Call, function: int, count: int, bindings: int, error: type[Exception], message: str
) -> None:
    buffer = HostBuffer.allocate(4)
    with pytest.raises(error, match=message):
        call(
            "executable.dispatch",
            native_executable(), function, count, 1, 1, [], [(buffer, 0, 4)] * bindings,
        )  # fmt: skip


@pytest.mark.parametrize(("offset", "length"), [(0, 5), (4, 1), (-1, 2), (0, -1)])
def test_bindings_end_with_their_memory(call: Call, offset: int, length: int) -> None:
    binding = (HostBuffer.allocate(4), offset, length)
    with pytest.raises(OutOfRangeError, match="out of range of a buffer of 4 bytes"):
        call("executable.dispatch", native_executable(), HALVE, 1, 1, 1, [], [binding, binding])


def test_constants_stay_as_they_are_whatever_kernels_write(call: Call) -> None:
    constant = HostBuffer.wrap(np.ones(4, np.float32).tobytes())
    source = HostBuffer.wrap(np.full(4, 8, np.float32))
    target = HostBuffer.allocate(16)
    for _ in range(2):
        call(
            "executable.dispatch",
            native_executable(),
            HALVE,
            4,
            1,
            1,
            [],
            [(source, 0, 16), (constant, 0, 16)],
        )
        call(
            "executable.dispatch",
            native_executable(),
            HALVE,
            4,
            1,
            1,
            [],
            [(constant, 0, 16), (target, 0, 16)],
        )

    assert np.frombuffer(constant.data, np.float32).tolist() == [1] * 4
    assert np.frombuffer(target.data, np.float32).tolist() == [2] * 4


def test_empty_bindings(call: Call) -> None:
    empty = (HostBuffer.wrap(b""), 0, 0)
    call("executable.dispatch", native_executable(), HALVE, 0, 1, 1, [], [empty, empty])
