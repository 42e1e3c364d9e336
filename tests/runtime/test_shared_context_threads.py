"""One context called from several threads at once: what holds with a lock, and what holds without."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from test_contexts_threads import COUNTER_MLIR, FRONT_MLIR, run_in_threads

import gossamer
from gossamer.limits.errors import CallTimeoutError

DEVICES = pytest.mark.parametrize("device", ["local-sync", "local-task"])
THREADS, CALLS = 6, 100

LOOP_MLIR = """
builtin.module @loop {
  func.func @powers(%start: i32) -> i32 {
    %zero = arith.constant 0 : i32
    %r = scf.while (%a = %start) : (i32) -> i32 {
      %c = arith.cmpi ne, %a, %zero : i32
      scf.condition(%c) %a : i32
    } do {
    ^bb0(%a: i32):
      %b = arith.muli %a, %start : i32
      scf.yield %b : i32
    }
    return %r : i32
  }
}
"""


@pytest.fixture(scope="module")
def modules() -> list[bytes]:
    return [gossamer.compile_text(COUNTER_MLIR), gossamer.compile_text(FRONT_MLIR)]


@pytest.fixture(scope="module")
def async_modules() -> list[bytes]:
    return [gossamer.compile_text(COUNTER_MLIR, asynchronous=True)]


def call_from_threads(pipeline: gossamer.Pipeline, name: str) -> list[tuple[Any, int]]:
    """What the calls of all threads returned."""
    results: list[tuple[Any, int]] = []
    function = pipeline.main[name]

    def call() -> None:
        x = np.ones(4, np.float32)
        for _ in range(CALLS):
            returned = function(x)
            results.append(returned.result(60) if function.is_async else returned)

    run_in_threads(*[call] * THREADS)
    return results


@DEVICES
def test_calls_one_at_a_time_lose_nothing(modules: list[bytes], device: str) -> None:
    pipeline = gossamer.Pipeline(modules, device=device, one_call_at_a_time=True)
    results = call_from_threads(pipeline, "twice")
    assert sorted(count for _, count in results) == list(range(2, 2 * THREADS * CALLS + 1, 2))
    assert all((total == 2 * count - 1).all() for total, count in results)
    assert pipeline.state["counter.calls"] == 2 * THREADS * CALLS


def test_asynchronous_calls_one_at_a_time_lose_nothing(async_modules: list[bytes]) -> None:
    pipeline = gossamer.Pipeline(async_modules, device="local-task", one_call_at_a_time=True)
    results = call_from_threads(pipeline, "add")
    assert sorted(count for _, count in results) == list(range(1, THREADS * CALLS + 1))
    assert all((total == count).all() for total, count in results)


@DEVICES
def test_calls_at_once_may_lose_updates_and_nothing_else(modules: list[bytes], device: str) -> None:
    pipeline = gossamer.Pipeline(modules, device=device)
    results = call_from_threads(pipeline, "twice")
    assert len(results) == THREADS * CALLS
    for total, count in results:
        assert 2 <= count <= 2 * THREADS * CALLS
        assert len(set(total.tolist())) == 1
        assert total[0] == int(total[0])


@DEVICES
def test_the_first_calls_may_come_at_once(device: str) -> None:
    source = gossamer.compile_text(COUNTER_MLIR)
    for _ in range(5):
        pipeline = gossamer.Pipeline([source], device=device, one_call_at_a_time=False)
        run_in_threads(*[lambda pipeline=pipeline: pipeline.add(np.ones(4, np.float32))] * THREADS)
        assert 1 <= pipeline.state["counter.calls"] <= THREADS


def test_waiting_for_another_call_ends_with_the_scope() -> None:
    pipeline = gossamer.Pipeline(
        [gossamer.compile_text(LOOP_MLIR)], device="local-sync", one_call_at_a_time=True
    )
    scope = gossamer.call_limits()
    entered = threading.Event()

    def call() -> None:
        with scope:
            entered.set()
            with pytest.raises(gossamer.LimitError):
                pipeline.powers(1)

    thread = threading.Thread(target=call)
    thread.start()
    entered.wait()
    with gossamer.call_limits(timeout=0.1), pytest.raises(CallTimeoutError):
        pipeline.powers(1)
    scope.cancel()
    thread.join()
    assert pipeline.powers(0) == 0


def test_a_fork_has_a_lock_of_its_own() -> None:
    pipeline = gossamer.Pipeline(
        [gossamer.compile_text(LOOP_MLIR)], device="local-sync", one_call_at_a_time=True
    )
    fork = pipeline.fork()
    scope = gossamer.call_limits()
    stopped: list[str] = []

    def call() -> None:
        try:
            with scope:
                pipeline.powers(1)
        except gossamer.LimitError as error:
            stopped.append(error.function)

    thread = threading.Thread(target=call)
    thread.start()
    assert fork.powers(0) == 0
    scope.cancel()
    thread.join()
    assert stopped == ["loop.powers"]
