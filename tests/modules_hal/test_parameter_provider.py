"""Parameter providers: what programs get and store, in queue order."""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gossamer.abi.memory_flags import BufferUsage, MemoryType
from gossamer.drivers.registry import create_device
from gossamer.errors import (
    CancelledError,
    DataLossError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
    StatusCode,
    StatusError,
)
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.index import ParameterIndex
from gossamer.hal.device import Device
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.queue import QUEUE_AFFINITY_ANY
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.io_parameters.provider import ParameterProvider, ParameterSpan

_MUTABLE = int(BufferUsage.DEFAULT)
_IMMUTABLE = int(BufferUsage.DEFAULT | BufferUsage.SHARING_IMMUTABLE)
_TYPE = int(MemoryType.DEVICE_LOCAL)
_WORDS = np.arange(32, dtype=np.float32)


@pytest.fixture(params=["local-sync", "local-task"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    device = create_device(request.param)
    yield device
    device.close()


def _aligned(array: np.ndarray[tuple[int], np.dtype[np.float32]]) -> memoryview:
    """A copy that starts at a multiple of 64 bytes."""
    storage = np.zeros(array.nbytes + 64, np.uint8)
    start = -int(storage.__array_interface__["data"][0]) % 64
    storage[start : start + array.nbytes] = array.view(np.uint8)
    return storage.data[start : start + array.nbytes]


@pytest.fixture
def provider() -> ParameterProvider:
    """Words in memory that may be written, words that may only be read, and patterns."""
    index = ParameterIndex()
    words = FileHandle(_aligned(_WORDS), writable=True)
    index.add_range("words", words, 0, 128)
    index.add_range("odd", words, 4, 64)
    index.add_range("fixed", FileHandle(_aligned(_WORDS)), 0, 128)
    for size in (1, 2, 3, 4, 8, 16):
        index.add_splat(f"splat{size}", bytes(range(1, size + 1)), 48)
    index.add_splat("huge", b"\1", 1 << 62)
    return ParameterProvider("scope", index)


def _load(
    provider: ParameterProvider, device: Device, usage: int, *spans: ParameterSpan
) -> tuple[list[Buffer], Fence]:
    signal = Fence.create()
    buffers = provider.load(device, QUEUE_AFFINITY_ANY, None, signal, _TYPE, usage, spans)
    return buffers, signal


def _bytes(buffer: Buffer) -> bytes:
    return buffer.to_numpy().tobytes()


def test_loads_make_buffers_of_their_own(provider: ParameterProvider, device: Device) -> None:
    (first, second), signal = _load(
        provider, device, _MUTABLE, ParameterSpan("words", 0, 0, 128), ParameterSpan("splat4", 0, 0, 48)
    )
    signal.wait(10)
    assert _bytes(first) == _WORDS.tobytes()
    assert _bytes(second) == b"\1\2\3\4" * 12
    first.to_numpy()[:] = 0
    (again,), signal = _load(provider, device, _MUTABLE, ParameterSpan("words", 0, 0, 128))
    signal.wait(10)
    assert _bytes(again) == _WORDS.tobytes()


def test_constants_are_the_memory_of_the_file(provider: ParameterProvider, device: Device) -> None:
    loads = [_load(provider, device, _IMMUTABLE, ParameterSpan("fixed", 0, 0, 128)) for _ in range(2)]
    buffers = [buffers[0] for buffers, signal in loads if signal.is_reached]
    assert len(buffers) == 2
    assert buffers[0].address == buffers[1].address
    with pytest.raises(PermissionDeniedError):
        buffers[0].require_access(2)
    with pytest.raises(ValueError, match="read-only"):
        buffers[0].to_numpy()[0] = 1
    device.queue_dealloca(QUEUE_AFFINITY_ANY, None, None, buffers[0])
    assert _bytes(buffers[1]) == _WORDS.tobytes()


def test_constants_that_are_not_aligned_are_copied(provider: ParameterProvider, device: Device) -> None:
    (odd, part), signal = _load(
        provider, device, _IMMUTABLE, ParameterSpan("odd", 0, 0, 64), ParameterSpan("fixed", 64, 0, 64)
    )
    signal.wait(10)
    assert odd.address % 64 == 0
    assert _bytes(odd) == _WORDS[1:17].tobytes()
    assert _bytes(part) == _WORDS[16:].tobytes()


def test_what_kernels_write_to_constants_of_files_stays_theirs(tmp_path: Path, device: Device) -> None:
    values = np.arange(8192, dtype=np.float32)
    np.save(tmp_path / "w.npy", values)
    index = ParameterIndex()
    index.load(tmp_path / "w.npy")
    provider = ParameterProvider("", index)
    span = ParameterSpan("w", 4096, 0, 16384)
    ((first,), _), ((second,), _) = (_load(provider, device, _IMMUTABLE, span) for _ in range(2))
    ctypes.memset(first.address, 0, first.byte_length)
    assert _bytes(second) == values[1024:5120].tobytes()
    assert bytes(index["w"].contents()) == values.tobytes()
    assert np.load(tmp_path / "w.npy")[1024] == 1024
    del index, provider
    assert _bytes(second) == values[1024:5120].tobytes()


def test_memory_that_cannot_be_written_is_copied(device: Device) -> None:
    index = ParameterIndex()
    index.add_range("w", FileHandle(bytes(64)), 0, 64)
    (buffer,), signal = _load(ParameterProvider("", index), device, _IMMUTABLE, ParameterSpan("w", 0, 0, 64))
    signal.wait(10)
    ctypes.memset(buffer.address, 1, 64)
    assert bytes(index["w"].contents()) == bytes(64)


def test_files_that_become_shorter(tmp_path: Path, device: Device) -> None:
    np.save(tmp_path / "w.npy", np.zeros(8192, np.float32))
    index = ParameterIndex()
    index.load(tmp_path / "w.npy")
    os.truncate(tmp_path / "w.npy", 4096)
    for usage in (_MUTABLE, _IMMUTABLE):
        with pytest.raises(DataLossError, match="32896 bytes has become shorter"):
            _load(ParameterProvider("", index), device, usage, ParameterSpan("w", 0, 0, 32768))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 8, 16])
@pytest.mark.parametrize(("skipped", "place", "length"), [(0, 0, 48), (1, 0, 16), (5, 3, 9), (0, 1, 0)])
def test_gather_repeats_patterns(
    provider: ParameterProvider, size: int, skipped: int, place: int, length: int
) -> None:
    device = create_device("local-sync")
    target = device.allocator.allocate_buffer(64)
    target.to_numpy()[:] = 0xEE
    span = ParameterSpan(f"splat{size}", skipped, place, length)
    provider.gather(device, QUEUE_AFFINITY_ANY, None, None, target, [span])
    expected = (bytes(range(1, size + 1)) * 64)[skipped : skipped + length]
    assert _bytes(target) == b"\xee" * place + expected + b"\xee" * (64 - place - length)


def test_gather_and_scatter(provider: ParameterProvider, device: Device) -> None:
    target = device.allocator.allocate_buffer(32)
    gathered, scattered = Fence.create(), Fence.create()
    spans = [ParameterSpan("words", 8, 0, 16), ParameterSpan("fixed", 0, 16, 16)]
    provider.gather(device, QUEUE_AFFINITY_ANY, None, gathered, target, spans)
    back = [ParameterSpan("words", 0, 16, 4), ParameterSpan("odd", 60, 0, 4)]
    provider.scatter(device, QUEUE_AFFINITY_ANY, gathered, scattered, target, back)
    scattered.wait(10)
    assert struct.unpack("<8f", _bytes(target)) == (2, 3, 4, 5, 0, 1, 2, 3)
    words = np.frombuffer(provider.index["words"].contents(), np.float32)
    assert words[0] == 0
    assert words[16] == 2
    assert words[17] == 17


def test_scatter_changes_a_file_opened_for_it(tmp_path: Path, device: Device) -> None:
    np.save(tmp_path / "w.npy", _WORDS)
    index = ParameterIndex()
    index.load(tmp_path / "w.npy", writable=True)
    source = device.allocator.allocate_buffer(4)
    source.to_numpy()[:] = np.float32(9).reshape(1).view(np.uint8)
    signal = Fence.create()
    provider = ParameterProvider("", index)
    provider.scatter(device, QUEUE_AFFINITY_ANY, None, signal, source, [ParameterSpan("w", 124, 0, 4)])
    signal.wait(10)
    assert np.load(tmp_path / "w.npy")[-1] == 9


def test_operations_wait_for_their_fence(provider: ParameterProvider, device: Device) -> None:
    wait = Fence.create()
    signal = Fence.create()
    (buffer,) = provider.load(
        device, QUEUE_AFFINITY_ANY, wait, signal, _TYPE, _MUTABLE, [ParameterSpan("words", 0, 0, 128)]
    )
    constants = Fence.create()
    provider.load(
        device, QUEUE_AFFINITY_ANY, wait, constants, _TYPE, _IMMUTABLE, [ParameterSpan("fixed", 0, 0, 128)]
    )
    nothing = Fence.create()
    provider.gather(device, QUEUE_AFFINITY_ANY, wait, nothing, buffer, [])
    assert [fence.query() for fence in (signal, constants, nothing)] == [StatusCode.DEFERRED] * 3
    wait.signal()
    Fence.join([signal, constants, nothing]).wait(10)  # pyright: ignore[reportOptionalMemberAccess]
    assert _bytes(buffer) == _WORDS.tobytes()


def test_failed_waits_go_on(provider: ParameterProvider, device: Device) -> None:
    wait, signal = Fence.create(), Fence.create()
    provider.load(
        device, QUEUE_AFFINITY_ANY, wait, signal, _TYPE, _MUTABLE, [ParameterSpan("words", 0, 0, 128)]
    )
    wait.fail(CancelledError("stop"))
    with pytest.raises(CancelledError, match="stop"):
        signal.wait(10)


@pytest.mark.parametrize(
    ("span", "error", "message"),
    [
        (ParameterSpan("wrods", 0, 0, 4), NotFoundError, "did you mean 'words'"),
        (
            ParameterSpan("words", 0, 0, 129),
            OutOfRangeError,
            r"`words` range out of bounds \(offset=0, length=129",
        ),
        (ParameterSpan("words", (1 << 64) - 1, 0, 2), OutOfRangeError, "out of bounds"),
        (ParameterSpan("words", 0, 96, 64), OutOfRangeError, "outside of the valid buffer range"),
        (ParameterSpan("splat4", 0, 1 << 63, 4), OutOfRangeError, "off the end of the valid buffer range"),
        (ParameterSpan("splat3", 0, 127, 3), OutOfRangeError, "outside of the valid buffer range"),
        (ParameterSpan("huge", 0, 0, 1 << 62), OutOfRangeError, "outside of the valid buffer range"),
    ],
)
def test_wrong_spans(
    provider: ParameterProvider, device: Device, span: ParameterSpan, error: type[StatusError], message: str
) -> None:
    target = device.allocator.allocate_buffer(128)
    signal = Fence.create()
    with pytest.raises(error, match=message):
        provider.gather(device, QUEUE_AFFINITY_ANY, None, signal, target, [span])
    assert signal.query() == error.code


def test_loads_that_no_memory_holds(provider: ParameterProvider, device: Device) -> None:
    with pytest.raises(ResourceExhaustedError):
        _load(provider, device, _MUTABLE, ParameterSpan("huge", 0, 0, 1 << 62))


@pytest.mark.parametrize(("key", "allowed"), [("fixed", "READ"), ("splat4", "READ")])
def test_parameters_that_cannot_be_stored_to(
    provider: ParameterProvider, device: Device, key: str, allowed: str
) -> None:
    source = device.allocator.allocate_buffer(16)
    with pytest.raises(PermissionDeniedError, match=f"`{key}` .* allows {allowed}, operation requires WRITE"):
        provider.scatter(device, QUEUE_AFFINITY_ANY, None, None, source, [ParameterSpan(key, 0, 0, 16)])


def test_parameters_that_cannot_be_read(device: Device) -> None:
    index = ParameterIndex()
    index.add_range("w", FileHandle(bytearray(8), readable=False, writable=True), 0, 8)
    with pytest.raises(PermissionDeniedError, match="allows WRITE, operation requires READ"):
        _load(ParameterProvider("", index), device, _MUTABLE, ParameterSpan("w", 0, 0, 8))


def test_scopes(provider: ParameterProvider) -> None:
    assert provider.supports("scope")
    assert not provider.supports("")


def test_a_kernel_that_stores_to_a_mapped_parameter_does_not_end_the_process(tmp_path: Path) -> None:
    """Kernels may be given any buffer; what they store stays in this process."""
    path = tmp_path / "words.bin"
    path.write_bytes(bytes(64))
    code = (
        "import ctypes, sys; from gossamer.format.parameters.file_handle import FileHandle;"
        "from gossamer.hal.memory.buffer import Buffer; handle = FileHandle.open(sys.argv[1]);"
        "buffer = Buffer.wrap(handle.contents); ctypes.memset(buffer.range(0, 64)[0], 7, 64);"
        "print(handle.contents[63], handle.contents.readonly, buffer.allowed_access)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)

    assert (done.returncode, done.stdout.split()) == (0, ["7", "True", "1"])
    assert path.read_bytes() == bytes(64)
