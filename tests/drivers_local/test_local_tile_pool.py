"""Dispatches shared with native workers: every workgroup once, whoever runs it."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from gossamer.abi.command_flags import CommandBufferMode
from gossamer.drivers.local.runner.runner import runner_for
from gossamer.drivers.local.runner.tile_pool import TilePool
from gossamer.errors import AbortedError
from gossamer.hal.command.command_buffer import CommandBuffer
from gossamer.hal.memory.buffer import Buffer
from gossamer.hal.memory.buffer_ref import BufferRef
from gossamer.hal.memory.heap_allocator import HeapAllocator
from hal_kernels import WORK, native_executable

NEVER = 0xFFFFFFFF
LONG = 20_000
"""Spins of one workgroup that make sharing worth while: some microseconds."""


@pytest.fixture(params=[2, 5])
def pool(request: pytest.FixtureRequest) -> Iterator[TilePool]:
    pool = TilePool(request.param)
    yield pool
    pool.close()


def new_buffer(count: int) -> Buffer:
    buffer = HeapAllocator().allocate_buffer(4 * count)
    buffer.to_numpy()[:] = 0
    return buffer


def work(
    pool: TilePool, count: int, spins: int, bad: int = NEVER, mode: int = 0
) -> tuple[CommandBuffer, np.ndarray, np.ndarray]:
    out, who = new_buffer(count), new_buffer(count)
    commands = CommandBuffer(mode, make_runner=partial(runner_for, pool=pool))
    commands.dispatch(
        native_executable(), WORK, (count, 1, 1), [spins, bad], [BufferRef(out), BufferRef(who)]
    )
    commands.finalize()
    return commands, out.to_numpy().view(np.int32), who.to_numpy().view(np.int32)


@pytest.mark.parametrize("count", [2, 3, 64, 1000])
def test_every_workgroup_runs_once_each_time(pool: TilePool, count: int) -> None:
    commands, out, who = work(pool, count, LONG // max(count // 100, 1))
    for repetition in range(1, 21):
        commands.run(b"", shares_work=True)

        assert (out == repetition).all()
    assert who.min() >= 0
    assert who.max() < pool.participants


def test_workers_take_part(pool: TilePool) -> None:
    commands, _, who = work(pool, 400, LONG)
    seen: set[int] = set()
    for _ in range(200):
        commands.run(b"", shares_work=True)
        seen.update(who.tolist())
        if len(seen) > 1 and 0 in seen:
            break

    assert 0 in seen
    assert len(seen) > 1


def test_what_a_workgroup_takes_is_known_to_later_command_buffers(pool: TilePool) -> None:
    commands, _, _ = work(pool, 64, LONG)
    commands.run(b"", shares_work=True)
    later, _, _ = work(pool, 32, LONG, mode=CommandBufferMode.ONE_SHOT)
    time = ctypes.c_uint32.from_address(native_executable().time_address(WORK)).value

    assert later.expected_nanoseconds == 32 * time > 0
    assert work(pool, 32, LONG)[0].expected_nanoseconds is None


def test_short_dispatches_stay_with_the_caller(pool: TilePool) -> None:
    commands, out, who = work(pool, 8, 1)
    commands.run(b"", shares_work=True)
    commands.run(b"", shares_work=True)

    assert (out == 2).all()
    assert not who.any()


@pytest.mark.parametrize("bad", [0, 1, 250, 499])
def test_a_failure_ends_the_dispatch_and_not_the_pool(pool: TilePool, bad: int) -> None:
    failing, _, _ = work(pool, 500, LONG // 10, bad)
    with pytest.raises(AbortedError, match="code 10"):
        failing.run(b"", shares_work=True)
    commands, out, _ = work(pool, 100, LONG // 10)
    commands.run(b"", shares_work=True)

    assert (out == 1).all()


def test_programs_may_share_a_pool(pool: TilePool) -> None:
    """A pool serves one runner at a time; the others run their tiles themselves."""
    works = [work(pool, 60, LONG // 10) for _ in range(4)]

    def repeat(commands: CommandBuffer) -> None:
        for _ in range(30):
            commands.run(b"", shares_work=True)

    threads = [threading.Thread(target=repeat, args=(commands,)) for commands, _, _ in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert all((out == 30).all() for _, out, _ in works)


def test_a_pool_may_be_closed_and_used_again(pool: TilePool) -> None:
    commands, out, _ = work(pool, 60, LONG)
    for _ in range(3):
        commands.run(b"", shares_work=True)
        pool.close()
    pool.close()

    assert (out == 3).all()


def test_a_pool_of_one_has_no_workers() -> None:
    assert TilePool(1).address == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_starts_workers_of_its_own(pool: TilePool) -> None:
    commands, out, _ = work(pool, 60, LONG)
    commands.run(b"", shares_work=True)
    child = os.fork()
    if child == 0:
        commands.run(b"", shares_work=True)
        os._exit(0 if (out == 2).all() else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
