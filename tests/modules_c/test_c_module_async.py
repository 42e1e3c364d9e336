"""Asynchronous functions in C, and functions called from many threads."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from kit_programs import functions_of, kit_pipeline, text_of

import gossamer
from gossamer.errors import (
    DataLossError,
    DeadlineExceededError,
    InvalidArgumentError,
    ResourceExhaustedError,
    StatusCode,
)
from gossamer.hal.timeline.fence import Fence
from gossamer.modules.c import handles
from gossamer.vm.objects.buffer import Buffer

ONES = np.ones(8, np.float32)


def wait_until_nothing_is_held(expected: int) -> None:
    """A thread of C signals before it releases what it holds."""
    deadline = time.monotonic() + 30
    while handles.live_count() != expected and time.monotonic() < deadline:
        time.sleep(0.001)
    assert handles.live_count() == expected


def test_results_come_later(kit: Path) -> None:
    pipeline = kit_pipeline(kit)
    held = handles.live_count()

    assert pipeline.negate_later.is_async
    np.testing.assert_array_equal(pipeline.negate_later(ONES).result(60), -ONES)
    wait_until_nothing_is_held(held)


def test_awaiting(kit: Path) -> None:
    pipeline = kit_pipeline(kit)

    async def run() -> list[np.ndarray]:
        return await asyncio.gather(*(_await(pipeline.negate_later(ONES * i)) for i in range(5)))

    for index, result in enumerate(asyncio.run(run())):
        np.testing.assert_array_equal(result, -ONES * index)


async def _await(invocation: object) -> np.ndarray:
    return await invocation  # type: ignore[misc]


def test_it_starts_after_the_wait_fence(kit: Path) -> None:
    pipeline = kit_pipeline(kit)
    start, finish = Fence.create(), Fence.create()
    result = pipeline.negate_later(ONES, wait=start, signal=finish)
    time.sleep(0.02)
    assert finish.query() == StatusCode.DEFERRED

    start.signal()
    finish.wait(60)
    np.testing.assert_array_equal(result.to_numpy(), -ONES)


def test_failures_travel_along_fences(kit: Path) -> None:
    pipeline = kit_pipeline(kit)
    with pytest.raises(DataLossError, match="the beast is among the values"):
        pipeline.negate_later(ONES * 666).result(60)

    start = Fence.create()
    finish = Fence.create()
    pipeline.negate_later(ONES, wait=start, signal=finish)
    start.fail(DataLossError("the input is gone"))
    with pytest.raises(DataLossError, match="the input is gone"):
        finish.wait(60)


def test_a_call_that_fails_at_once_fails_its_fence(kit: Path) -> None:
    call = functions_of(kit_pipeline(kit))
    finish = Fence.create()

    with pytest.raises(InvalidArgumentError):
        call("negate_later", Buffer.wrap(b""), None, finish)
    assert finish.query() == StatusCode.INVALID_ARGUMENT


def test_limits_of_a_call_reach_c(kit: Path) -> None:
    pipeline = kit_pipeline(kit)
    with gossamer.call_limits(timeout=0.05), pytest.raises(DeadlineExceededError, match=r"limit of 0\.05 s"):
        pipeline.wait_for_ever()
    with gossamer.call_limits(max_memory=100), pytest.raises(ResourceExhaustedError, match="100 bytes"):
        pipeline.ramp(10, 10)
    assert pipeline.ramp(10, 10).shape == (10, 10)


def test_calls_from_many_threads(kit: Path) -> None:
    pipelines = [kit_pipeline(kit) for _ in range(2)]
    held = handles.live_count()
    wrong: list[object] = []

    def run(number: int) -> None:
        pipeline = pipelines[number % 2]
        call = functions_of(pipeline)
        for i in range(200):
            text = f"{number} {i}".encode()
            if text_of(call("call_twice", Buffer.wrap(text))) != text + b"!!":
                wrong.append(text)
            if call("numbers", i, number, 0.5, 0.25) != (0.25, 0.5, number, i):
                wrong.append(i)
        if not np.array_equal(pipeline.negate_later(ONES * number).result(60), -ONES * number):
            wrong.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong
    wait_until_nothing_is_held(held)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_memory_stays_flat(kit: Path) -> None:
    call = functions_of(kit_pipeline(kit))
    value = Buffer.wrap(bytes(1000))

    def round_trip() -> None:
        for _ in range(1000):
            call("call_twice", value)
            call("sum", 1, [(2, 3.0)] * 20, [value] * 20)
            call("list", value)
            call("ramp", 100, 100)
            with pytest.raises(InvalidArgumentError):
                call("fail", 3)

    round_trip()
    gc.collect()
    before = resident_bytes()
    for _ in range(3):
        round_trip()
    gc.collect()

    assert resident_bytes() - before < 4 << 20
