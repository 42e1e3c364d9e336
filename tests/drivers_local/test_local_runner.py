"""The native runner does what the Python runner does."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from gossamer.drivers.local.runner.native_runner import run_native
from gossamer.drivers.local.runner.python_runner import run_python
from gossamer.drivers.local.runner.runner import runner_for
from gossamer.errors import AbortedError, OutOfRangeError, UnavailableError
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.command.command_program import CommandProgram
from gossamer.hal.executable import Executable
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.heap_allocator import HeapAllocator
from hal_kernels import COUNT, FAIL, HALVE, INSPECT, native_executable, python_executable

Runner = Callable[[CommandProgram, bytes], None]
RUNNERS = pytest.mark.parametrize("runner", [run_native, run_python])


@dataclass(frozen=True)
class Engine:
    """A runner, and kernels for it."""

    runner: Runner
    kernels: Executable


ENGINES = pytest.mark.parametrize(
    "engine", [Engine(run_native, native_executable()), Engine(run_python, python_executable())]
)


def new_buffer(length: int) -> Buffer:
    buffer = HeapAllocator().allocate_buffer(length)
    buffer.to_numpy()[:] = 0
    return buffer


def run(commands: CommandBuffer, runner: Runner, *bindings: tuple[Buffer, int, int]) -> None:
    commands.finalize()
    runner(commands.program, commands.prepare(bindings))


@RUNNERS
@pytest.mark.parametrize("width", [1, 2, 4, 8])
@pytest.mark.parametrize("slot", [False, True])
def test_fills(runner: Runner, width: int, slot: bool) -> None:
    buffer = new_buffer(256)
    commands = CommandBuffer(binding_capacity=1)
    pattern = 0x8877665544332211
    target = BufferRef(None, 8, 48, 0) if slot else BufferRef(buffer, 24, 48)
    commands.fill_buffer(target, pattern, width)
    run(commands, runner, (buffer, 16, 200))

    expected = bytes(24) + pattern.to_bytes(8, "little")[:width] * (48 // width) + bytes(256 - 72)
    assert bytes(buffer.map()) == expected


@RUNNERS
def test_a_fill_to_the_end_of_a_slot(runner: Runner) -> None:
    buffer = new_buffer(64)
    commands = CommandBuffer(binding_capacity=1)
    commands.fill_buffer(BufferRef(None, 4, -1, 0), 0xAB, 1)
    run(commands, runner, (buffer, 8, 32))

    assert bytes(buffer.map()) == bytes(12) + b"\xab" * 28 + bytes(24)


@RUNNERS
def test_copies_and_updates(runner: Runner) -> None:
    source, target = new_buffer(64), new_buffer(64)
    commands = CommandBuffer(binding_capacity=2)
    commands.update_buffer(b"0123456789abcdef", BufferRef(source, 0, 16))
    commands.execution_barrier()
    commands.copy_buffer(BufferRef(source, 2, 8), BufferRef(None, 4, 8, 1))
    commands.update_buffer(b"!!", BufferRef(None, 0, 2, 1))
    run(commands, runner, (source, 0, 0), (target, 16, 48))

    assert bytes(target.map(16, 16)) == b"!!\0\x0023456789" + bytes(4)


@ENGINES
def test_dispatches_visit_every_workgroup_once(engine: Engine) -> None:
    buffer = new_buffer(4 * 16 * 16 * 3)
    commands = CommandBuffer()
    commands.dispatch(engine.kernels, COUNT, (5, 7, 3), [41], [BufferRef(buffer)])
    run(commands, engine.runner)

    counts = buffer.to_numpy().view(np.int32).reshape(3, 16, 16)
    expected = np.zeros((3, 16, 16), np.int32)
    expected[:, :7, :5] = 42
    np.testing.assert_array_equal(counts, expected)


@ENGINES
@pytest.mark.parametrize("count", [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_empty_grids_do_nothing(engine: Engine, count: tuple[int, int, int]) -> None:
    buffer = new_buffer(64)
    commands = CommandBuffer()
    commands.dispatch(engine.kernels, COUNT, count, [41], [BufferRef(buffer)])
    run(commands, engine.runner)

    assert not buffer.to_numpy().any()


@ENGINES
def test_indirect_counts_are_read_when_the_dispatch_starts(engine: Engine) -> None:
    buffer, counts = new_buffer(4 * 256), new_buffer(64)
    counts.allowed_usage |= 0x100
    commands = CommandBuffer()
    update = np.array([3, 2, 1], np.uint32).tobytes()
    commands.update_buffer(update, BufferRef(counts, 4, 12))
    commands.dispatch(
        engine.kernels,
        COUNT,
        (0, 0, 0),
        [-1 + 5],
        [BufferRef(buffer)],
        indirect_count=BufferRef(counts, 4),
    )
    run(commands, engine.runner)

    assert buffer.to_numpy().view(np.int32).sum() == 3 * 2 * 5


@ENGINES
def test_kernels_see_their_dispatch(engine: Engine) -> None:
    out = new_buffer(64)
    commands = CommandBuffer(binding_capacity=2)
    commands.dispatch(
        engine.kernels, INSPECT, (2, 1, 3), [], [BufferRef(None, 0, 48, 0), BufferRef(None, 5, -1, 1)]
    )
    run(commands, engine.runner, (out, 0, 64), (out, 0, 30))

    assert list(out.to_numpy().view(np.int64)[:6]) == [48, 25, 2, 1, 3, 4096]


@ENGINES
def test_a_failing_kernel_stops_the_program(engine: Engine) -> None:
    buffer = new_buffer(64)
    commands = CommandBuffer()
    commands.fill_buffer(BufferRef(buffer, 0, 32), 1, 1)
    commands.dispatch(engine.kernels, FAIL, (8, 1, 1))
    commands.fill_buffer(BufferRef(buffer, 32, 32), 1, 1)

    with pytest.raises(AbortedError, match="workgroup failed with code 10"):
        run(commands, engine.runner)
    assert buffer.to_numpy().sum() == 32


def test_denormals_are_flushed_around_native_kernels_only() -> None:
    source, target = new_buffer(64), new_buffer(64)
    source.to_numpy().view(np.float32)[:2] = [2e-38, 1.0]
    commands = CommandBuffer()
    commands.dispatch(native_executable(), HALVE, (2, 1, 1), [], [BufferRef(source), BufferRef(target)])
    run(commands, run_native)

    assert list(target.to_numpy().view(np.float32)[:2]) == [0.0, 0.5]
    assert math.ldexp(1.0, -1074) * ctypes.c_double(1.0).value > 0
    assert np.float32(2e-38) * np.float32(0.5) > 0


def test_native_kernels_beside_python_kernels_run_as_they_do_alone() -> None:
    source, target, counts = new_buffer(64), new_buffer(64), new_buffer(64)
    source.to_numpy().view(np.float32)[:2] = [2e-38, 1.0]
    commands = CommandBuffer()
    commands.dispatch(python_executable(), COUNT, (1, 1, 1), [4], [BufferRef(counts)])
    commands.dispatch(native_executable(), HALVE, (2, 1, 1), [], [BufferRef(source), BufferRef(target)])
    commands.finalize()
    runner_for(commands.program)(b"", None, None)

    assert list(target.to_numpy().view(np.float32)[:2]) == [0.0, 0.5]
    assert counts.to_numpy()[0] == 5


def test_native_kernels_without_a_native_runner_are_an_error() -> None:
    commands = CommandBuffer()
    commands.dispatch(native_executable(), FAIL, (1, 1, 1))

    with pytest.raises(UnavailableError, match="kernel 'fail' is native code"):
        run(commands, run_python)


@pytest.mark.parametrize("counts", [(1, 1, 70_000), (1 << 31, 1 << 31, 65_535)])
def test_impossible_indirect_counts_are_refused(counts: tuple[int, int, int]) -> None:
    buffer, indirect = new_buffer(64), new_buffer(64)
    indirect.allowed_usage |= 0x100
    indirect.to_numpy().view(np.uint32)[:3] = counts
    commands = CommandBuffer()
    commands.dispatch(
        native_executable(), COUNT, (0, 0, 0), [0], [BufferRef(buffer)], indirect_count=BufferRef(indirect)
    )

    with pytest.raises(OutOfRangeError, match="workgroup count of 'count' is out of range"):
        run(commands, run_native)


def test_what_a_workgroup_takes_is_known_after_the_first_run() -> None:
    executable = Executable(native_executable().functions, keepalive=native_executable())
    time = ctypes.c_uint32.from_address(executable.time_address(HALVE))
    source, target = new_buffer(64), new_buffer(64)
    commands = CommandBuffer()
    commands.dispatch(executable, HALVE, (1, 1, 1), [], [BufferRef(source), BufferRef(target)])
    assert time.value == 0
    run(commands, run_native)

    assert time.value > 0
