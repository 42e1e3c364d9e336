"""The functions of the `hal` module, called as programs call them."""

from __future__ import annotations

import threading
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
    PermissionDeniedError,
    StatusError,
    UnimplementedError,
)
from gossamer.hal.device import Device
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.hal.module import HAL_FUNCTIONS, HalModule
from gossamer.vm.link.inline_form import InlineForm
from gossamer.vm.objects.buffer import Buffer as HostBuffer
from hal_kernels import native_executable

F32, I32 = 0x21000020, 0x10000020
ANY = -1
Call = Callable[..., Any]


class StubLoader:
    def __init__(self) -> None:
        self.constants: tuple[int, ...] = ()

    def supports_format(self, format: str) -> bool:
        return format == "stub"

    def load(self, format: str, data: object, constants: tuple[int, ...]) -> Executable:
        self.constants = constants
        return native_executable()


@pytest.fixture
def loader() -> StubLoader:
    return StubLoader()


@pytest.fixture(params=["local-sync", "local-task"])
def device(request: pytest.FixtureRequest, loader: StubLoader) -> Iterator[Device]:
    device = create_device(request.param, DeviceOptions([loader]))
    yield device
    device.close()


@pytest.fixture(params=["called", "inline"])
def call(device: Device, request: pytest.FixtureRequest) -> Call:
    """`call("buffer.length", buffer)`; "inline" takes the inline forms of functions where they apply."""
    state = HalModule([device]).create_state().link(())
    if request.param == "called":
        return lambda name, *arguments: state.bind(name)(*arguments)

    def call_inline(name: str, *arguments: Any) -> object:
        form = state.inline_form(name)
        if form is None or form.value is None or not applies(form, arguments):
            return state.bind(name)(*arguments)
        return evaluate(form, form.value, arguments) if form.value else None

    return call_inline


def evaluate(form: InlineForm, template: str, arguments: tuple[Any, ...]) -> Any:
    texts = [f"arguments[{index}]" for index in range(len(arguments))]
    text = template.format(*texts, **{name: name for name in form.names})
    return eval(text, {**form.names, "arguments": arguments})


def applies(form: InlineForm, arguments: tuple[Any, ...]) -> bool:
    nulls = [arguments[position] for position in form.nulls]
    return (
        all(type(arguments[position]) is class_ for position, class_ in form.exact.items())
        and all(isinstance(arguments[position], class_) for position, class_ in form.instances.items())
        and all(value is None or (isinstance(value, list) and not any(value)) for value in nulls)
        and all(evaluate(form, template, arguments) for template in form.conditions)
    )


def text(value: str) -> HostBuffer:
    return HostBuffer.wrap(value.encode())


@pytest.fixture
def buffer(device: Device) -> Buffer:
    buffer = device.allocator.allocate_buffer(64)
    buffer.to_numpy()[:] = np.arange(64)
    return buffer


def test_there_are_sixty_functions() -> None:
    assert len(HAL_FUNCTIONS.functions) == 60


def test_a_module_needs_a_device() -> None:
    with pytest.raises(InvalidArgumentError, match="at least one device"):
        HalModule([])


def test_devices(call: Call, device: Device) -> None:
    assert call("devices.count") == 1
    assert call("devices.get", 0) is device
    assert call("devices.get", 1) is None
    assert call("devices.get", -1) is None
    assert call("device.allocator", device) is device.allocator
    assert call("device.query.i64", device, text("hal.device.id"), text("local*")) == (1, 1)
    assert call("device.query.i64", device, text("hal.device.id"), text("gpu")) == (1, 0)
    assert call("device.query.i64", device, text("no"), text("no")) == (0, 0)
    assert call("device.queue.flush", device, ANY) is None


def test_allocator(call: Call, device: Device) -> None:
    assert call("allocator.select", 48, 3075, 0, [(device, 5)]) == (device, 5)
    with pytest.raises(InvalidArgumentError, match="at least one device"):
        call("allocator.select", 48, 3075, 0, [])
    buffer = call("allocator.allocate", device.allocator, ANY, 48, 3075, 100)

    assert call("buffer.length", buffer) == 100
    call("buffer.assert", buffer, text("x"), device.allocator, 100, 16, 3075)


def test_the_lead_device_is_preferred_for_memory() -> None:
    devices = [create_device("local-sync"), create_device("local-sync")]
    select = HalModule(devices, lead=devices[1]).create_state().link(()).bind("allocator.select")

    assert select(48, 3075, 0, [(devices[0], 3), (devices[1], 5)]) == (devices[1], 5)
    assert select(48, 3075, 0, [(devices[0], 3)]) == (devices[0], 3)


def test_imports_share_memory(call: Call, device: Device) -> None:
    host = HostBuffer.allocate(100)
    shared = call("allocator.import", device.allocator, 0, ANY, 48, 3075, host, 64, -1)
    host.data[64] = 9

    assert call("buffer.length", shared) == 36
    assert call("buffer.load", shared, 0, 1) == 9
    with pytest.raises(InvalidArgumentError, match="byte range out of bounds"):
        call("allocator.import", device.allocator, 1, ANY, 48, 3075, host, 64, 37)


def test_memory_that_kernels_cannot_use_is_not_imported(call: Call, device: Device) -> None:
    host = HostBuffer.allocate(100)

    assert call("allocator.import", device.allocator, 1, ANY, 48, 3075, host, 4, 8) is None
    with pytest.raises(OutOfRangeError, match="aligned to 64 bytes"):
        call("allocator.import", device.allocator, 0, ANY, 48, 3075, host, 4, 8)


def test_constants_are_imported_to_be_read(call: Call, device: Device) -> None:
    constant = HostBuffer.wrap(HostBuffer.allocate(64).data, is_mutable=False)
    with pytest.raises(PermissionDeniedError, match="constant usage"):
        call("allocator.import", device.allocator, 1, ANY, 48, 3075, constant, 0, -1)
    imported = call("allocator.import", device.allocator, 1, ANY, 48, 0x80C03, constant, 0, -1)

    with pytest.raises(PermissionDeniedError):
        call("buffer.store", 0, imported, 0, 1)


def test_loads_and_stores(call: Call, buffer: Buffer) -> None:
    assert call("buffer.load", buffer, 1, 2) == 0x0201
    call("buffer.store", -2, buffer, 0, 4)

    assert call("buffer.load", buffer, 0, 4) == -2
    assert call("buffer.load", buffer, 0, 1) == 254
    with pytest.raises(InvalidArgumentError, match="load length byte count 5 exceeds max"):
        call("buffer.load", buffer, 0, 5)
    with pytest.raises(OutOfRangeError):
        call("buffer.load", buffer, 62, 4)
    with pytest.raises(OutOfRangeError, match="store out of bounds"):
        call("buffer.store", 0, buffer, 62, 4)


def test_subspans(call: Call, buffer: Buffer) -> None:
    part = call("buffer.subspan", buffer, 8, 16)

    assert call("buffer.load", part, 0, 1) == 8
    with pytest.raises(OutOfRangeError, match=r"invalid subspan .*source_offset=60, length=8"):
        call("buffer.subspan", buffer, 60, 8)


def test_claims_on_an_allocation(call: Call, buffer: Buffer) -> None:
    part = call("buffer.subspan", buffer, 8, 16)
    assert call("buffer.allocation.is_terminal", part) == 1
    call("buffer.allocation.preserve", part)

    assert call("buffer.allocation.is_terminal", buffer) == 0
    assert call("buffer.allocation.discard", buffer) == 0
    assert call("buffer.allocation.discard", part) == 1


@pytest.mark.parametrize(
    ("length", "memory_types", "usage", "message"),
    [
        (65, 16, 3, "x buffer byte length 64 less than expected minimum 65"),
        (1, 0x40, 3, r"x buffer memory type is not compatible; buffer has .*, operation requires 40h"),
        (1, 16, 0x100, "x requested usage was not specified .* requires DISPATCH_INDIRECT_PARAMETERS"),
    ],
)
def test_buffer_assertions(
    call: Call, device: Device, buffer: Buffer, length: int, memory_types: int, usage: int, message: str
) -> None:
    with pytest.raises((InvalidArgumentError, PermissionDeniedError), match=message):
        call("buffer.assert", buffer, text("x"), device.allocator, length, memory_types, usage)


def test_buffer_views(call: Call, buffer: Buffer) -> None:
    view = call("buffer_view.create", buffer, 16, 24, F32, 1, [2, 3])

    assert isinstance(view, BufferView)
    assert call("buffer_view.buffer", view).byte_offset == 16
    assert call("buffer_view.element_type", view) == F32
    assert call("buffer_view.encoding_type", view) == 1
    assert call("buffer_view.rank", view) == 2
    assert call("buffer_view.dim", view, 1) == 3
    assert call("buffer_view.dim", view, 2) == 0
    assert call("buffer_view.dim", view, -1) == 0
    with pytest.raises(OutOfRangeError, match="invalid subspan"):
        call("buffer_view.create", buffer, 16, 64, F32, 1, [16])


@pytest.mark.parametrize(
    ("element_type", "encoding", "shape", "message"),
    [
        (I32, 1, [2, 3], r"in element type mismatch; expected i32 \(10000020\) but have f32 \(21000020\)"),
        (F32, 2, [2, 3], "in encoding mismatch; expected 00000002 but have 00000001"),
        (
            F32,
            1,
            [2],
            "in shape rank mismatch; expected 1 but have 2; expected shape `2`, actual shape `2x3`",
        ),
        (F32, 1, [], r"in shape rank mismatch; expected 0 \(scalar\) but have 2"),
        (F32, 1, [2, 4], "in shape dimension 1 mismatch; expected 4 but have 3"),
    ],
)
def test_buffer_view_assertions(
    call: Call, buffer: Buffer, element_type: int, encoding: int, shape: list[int], message: str
) -> None:
    view = BufferView(buffer, [2, 3], F32)
    call("buffer_view.assert", view, text("in"), F32, 1, [2, 3])
    with pytest.raises(InvalidArgumentError, match=message):
        call("buffer_view.assert", view, text("in"), element_type, encoding, shape)


def test_opaque_views_pass_assertions(call: Call, buffer: Buffer) -> None:
    call("buffer_view.assert", BufferView(buffer, [4], 0x20, 0), text("in"), F32, 1, [4])
    call("buffer_view.assert", BufferView(buffer, [4], 0x11000020), text("in"), I32, 1, [4])


def test_traces_go_to_standard_error(call: Call, buffer: Buffer, capsys: pytest.CaptureFixture[str]) -> None:
    call("buffer_view.trace", text("key"), [BufferView(buffer, [2], 0x12000008)])

    assert "=== key ===\n2xui8=[0 1]" in capsys.readouterr().err


def test_traces_go_where_the_host_wants(device: Device, buffer: Buffer) -> None:
    seen: list[tuple[str, object]] = []
    module = HalModule([device], trace=lambda key, views: seen.append((key, views)))
    view = BufferView(buffer, [2], 0x12000008)
    module.create_state().link(()).bind("buffer_view.trace")(text("key"), [view])

    assert seen == [("key", [view])]


def test_wrong_refs_are_refused(call: Call, device: Device, buffer: Buffer) -> None:
    """Every function that takes refs, with a ref of no known type, and with null where null is wrong."""
    nullable = {"fence.join", "fence.await", "allocator.select", "buffer_view.trace"}
    values = {"i": 0, "I": 0, "f": 0.0, "F": 0.0}
    for name, function in HAL_FUNCTIONS.functions.items():
        convention = function.export.calling_convention[1:].partition("_")[0]
        plain = convention.partition("C")[0]
        if "r" not in plain or name in nullable:
            continue
        spans = [[] for _ in range(convention.count("C"))]
        for wrong in (object(), None):
            arguments = [wrong if char == "r" else values[char] for char in plain]
            with pytest.raises(InvalidArgumentError, match=r"ref type mismatch|ref is null"):
                call(name, *arguments, *spans)


def test_recording_and_executing(call: Call, device: Device, buffer: Buffer) -> None:
    executable = call("executable.create", device, ANY, text("stub"), HostBuffer.wrap(b""), None)
    halve = call("executable.lookup.function", executable, text("halve"))
    commands = call("command_buffer.create", device, 0, 3, ANY, 2)
    call("command_buffer.begin_debug_group", commands, text("group"))
    call("command_buffer.update_buffer", commands, HostBuffer.wrap(b"..\0\0\x80\x40"), 2, None, 0, 4, 0, 0)
    call("command_buffer.fill_buffer", commands, None, 4, 12, 0, 0x41000000, 4, 0)
    call("command_buffer.execution_barrier", commands, 28, 13, 0)
    bindings = [(0, 0, None, 0, 16), (0, 1, None, 0, 16)]
    call("command_buffer.dispatch", commands, executable, halve, 4, 1, 1, 0, [], bindings)
    call("command_buffer.execution_barrier", commands, 28, 13, 0)
    call("command_buffer.copy_buffer", commands, 1, 0, None, 0, None, 16, 8, 0)
    call("command_buffer.advise_buffer", commands, None, 0, 0, 0, 1)
    call("command_buffer.flush_buffer", commands, 1, None, 0, 4)
    call("command_buffer.invalidate_buffer", commands, 0, buffer, 0, 4)
    call("command_buffer.end_debug_group", commands)
    call("command_buffer.finalize", commands)
    done = call("fence.create", device, 0)
    target = call("device.queue.alloca", device, ANY, None, None, 0, 48, 3075, 16, 0)
    table = [(buffer, 0, 32), (target, 0, 16)]
    call("device.queue.execute.indirect", device, ANY, None, done, commands, 0, table)

    assert call("fence.await", -1, 0, [done]) == 0
    assert list(target.to_numpy().view(np.float32)) == [2.0, 4.0, 4.0, 4.0]
    assert list(buffer.to_numpy().view(np.float32)[:6]) == [4.0, 8.0, 8.0, 8.0, 2.0, 4.0]


def test_indirect_dispatches(call: Call, device: Device, buffer: Buffer) -> None:
    executable = native_executable()
    counts = call("allocator.allocate", device.allocator, ANY, 48, 0x103, 12)
    counts.to_numpy().view(np.uint32)[:] = [3, 1, 1]
    buffer.to_numpy()[:] = 0
    commands = call("command_buffer.create", device, 1, 3, ANY, 0)
    call(
        "command_buffer.dispatch.indirect",
        commands,
        executable,
        0,
        0,
        counts,
        0,
        0,
        [6],
        [(0, 0, buffer, 0, 64)],
    )
    call("command_buffer.finalize", commands)
    done = Fence.create()
    call("device.queue.execute", device, ANY, None, done, commands, 0)
    done.wait(20)

    assert list(buffer.to_numpy().view(np.int32)[:4]) == [7, 7, 7, 0]


def test_too_many_bindings_are_refused(call: Call, device: Device, buffer: Buffer) -> None:
    commands = call("command_buffer.create", device, 1, 3, ANY, 0)
    with pytest.raises(OutOfRangeError, match="binding count 33 > 32"):
        call(
            "command_buffer.dispatch",
            commands,
            native_executable(),
            0,
            1,
            1,
            1,
            0,
            [0],
            [(0, 0, buffer, 0, 4)] * 33,
        )


def test_queue_transfers(call: Call, device: Device, buffer: Buffer) -> None:
    fences = [call("fence.create", device, 0) for _ in range(5)]
    other = call("device.queue.alloca", device, ANY, None, fences[0], 0, 48, 3075, 64, 0)
    call("device.queue.fill", device, ANY, fences[0], fences[1], other, 0, 64, -1, 2, 0)
    call("device.queue.copy", device, ANY, fences[1], fences[2], buffer, 1, other, 8, 3, 0)
    call(
        "device.queue.update", device, ANY, fences[2], fences[3], HostBuffer.wrap(b"abcd"), 1, other, 0, 2, 0
    )
    call("device.queue.barrier", device, ANY, fences[3], fences[4], 0)

    assert call("fence.await", 20_000, 0, [None, *fences]) == 0
    assert bytes(other.map()) == b"bc" + b"\xff" * 6 + b"\1\2\3" + b"\xff" * 53
    call("device.queue.dealloca", device, ANY, None, None, other, 0)
    assert other.is_deallocated


def test_pools_are_not_available(call: Call, device: Device) -> None:
    with pytest.raises(UnimplementedError, match="pools"):
        call("device.queue.alloca", device, ANY, None, None, 1, 48, 3075, 64, 0)


def test_files(call: Call, device: Device, buffer: Buffer) -> None:
    file = call("ex.file.from_memory", device, ANY, 1, HostBuffer.wrap(b"0123456789"), 2, 6, 0)
    done = Fence.create()
    call("device.queue.read", device, ANY, None, done, file, 1, buffer, 0, 4, 0)
    done.wait(20)

    assert bytes(buffer.map(0, 4)) == b"3456"
    with pytest.raises(OutOfRangeError):
        call("device.queue.read", device, ANY, None, None, file, 3, buffer, 0, 4, 0)
    with pytest.raises(PermissionDeniedError):
        call("device.queue.write", device, ANY, None, None, buffer, 0, file, 0, 4, 0)
    with pytest.raises(PermissionDeniedError):
        call("ex.file.from_memory", device, ANY, 3, HostBuffer.wrap(b"0123456789"), 2, 6, 0)


def test_executable_constants_are_words(call: Call, device: Device, loader: StubLoader) -> None:
    data = HostBuffer.wrap(b"")
    call("executable.create", device, ANY, text("stub"), data, HostBuffer.wrap(b"\1\0\0\0\2\0\0\0"))

    assert loader.constants == (1, 2)
    with pytest.raises(InvalidArgumentError, match="4-byte elements but data length is 3"):
        call("executable.create", device, ANY, text("stub"), data, HostBuffer.wrap(b"abc"))
    with pytest.raises(NotFoundError, match="'other'"):
        call("executable.create", device, ANY, text("other"), data, None)


def test_collectives_are_not_available(call: Call, device: Device) -> None:
    with pytest.raises(UnimplementedError):
        call("channel.create", device, ANY, 0, None, None, 0, 0)
    commands = call("command_buffer.create", device, 1, 3, ANY, 0)
    with pytest.raises(UnimplementedError):
        call("command_buffer.collective", commands, None, 0, 0, 0, 0, None, None, 0, 0, 0, 0, 0)


def test_fences(call: Call, device: Device) -> None:
    first, second = call("fence.create", device, 0), call("fence.create", device, 0)
    joined = call("fence.join", 0, [first, None, second])
    assert call("fence.join", 0, [None]) is None
    assert call("fence.query", joined) == 17
    assert call("fence.await", 0, 0, [joined]) == 4
    assert call("fence.await", 5, 0, [first, second]) == 4
    call("fence.signal", first)
    assert call("fence.query", first) == 0
    call("fence.fail", second, 10)

    assert call("fence.query", joined) == 10
    for timeout in (-1, 0, 10):
        with pytest.raises(AbortedError):
            call("fence.await", timeout, 0, [first, joined])


def test_a_fence_failed_with_ok_still_has_an_error(call: Call) -> None:
    fence = Fence.create()
    call("fence.fail", fence, 0)

    with pytest.raises(StatusError):
        fence.wait()


def test_await_blocks_until_another_thread_signals(call: Call) -> None:
    fence = Fence.create()
    threading.Timer(0.01, fence.signal).start()

    assert call("fence.await", -1, 0, [fence]) == 0


def test_await_can_be_resumed(device: Device) -> None:
    resumable = HalModule([device]).create_state().link(()).bind_resumable("fence.await")
    assert resumable is not None
    fence = Fence.create()
    waiting = resumable(-1, 0, [None, fence])
    assert next(waiting) is fence
    fence.signal()
    with pytest.raises(StopIteration) as stopped:
        next(waiting)
    assert stopped.value.value == 0

    failing = Fence.create()
    waiting = resumable(-1, 0, [failing])
    next(waiting)
    failing.fail(AbortedError("gone"))
    with pytest.raises(AbortedError, match="gone"):
        next(waiting)
