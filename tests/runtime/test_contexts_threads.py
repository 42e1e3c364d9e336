"""Two contexts over the same loaded modules: states never mix, whoever calls them in which order."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

import gossamer
from gossamer.vm.link.module import Module

CALLS = 10_000
DEVICES = ["local-sync", "local-task"]

COUNTER_MLIR = """
builtin.module @counter {
  util.global private mutable @calls = 0 : i32
  ml_program.global private mutable @sum(dense<0.0> : tensor<4xf32>) : tensor<4xf32>
  func.func @add(%x: tensor<4xf32>) -> (tensor<4xf32>, i32) {
    %calls = util.global.load @calls : i32
    %one = arith.constant 1 : i32
    %next = arith.addi %calls, %one : i32
    util.global.store %next, @calls : i32
    %sum = ml_program.global_load @sum : tensor<4xf32>
    %new = arith.addf %sum, %x : tensor<4xf32>
    ml_program.global_store @sum = %new : tensor<4xf32>
    return %new, %next : tensor<4xf32>, i32
  }
}
"""

FRONT_MLIR = """
builtin.module @front {
  func.func private @counter.add(%x: tensor<4xf32>) -> (tensor<4xf32>, i32)
  func.func @twice(%x: tensor<4xf32>) -> (tensor<4xf32>, i32) {
    %first:2 = call @counter.add(%x) : (tensor<4xf32>) -> (tensor<4xf32>, i32)
    %second:2 = call @counter.add(%x) : (tensor<4xf32>) -> (tensor<4xf32>, i32)
    %both = arith.addf %first#0, %second#0 : tensor<4xf32>
    return %both, %second#1 : tensor<4xf32>, i32
  }
}
"""


@pytest.fixture(scope="session")
def counter_module() -> Module:
    return gossamer.load_module(gossamer.compile_text(COUNTER_MLIR))


@pytest.fixture(scope="session")
def front_module() -> Module:
    return gossamer.load_module(gossamer.compile_text(FRONT_MLIR))


def call_many(pipeline: gossamer.Pipeline, step: float, calls: int) -> None:
    """Add `step` so many times; each result must follow from this pipeline's own calls alone."""
    value = np.full(4, step, np.float32)
    for index in range(1, calls + 1):
        total, count = pipeline.add(value)
        if count != index or total.tolist() != [step * index] * 4:
            raise AssertionError(f"call {index} of step {step}: {total} after {count} calls")


def run_in_threads(*targets: Callable[[], None]) -> None:
    """Run functions at once, each on a thread; raise what the first of them raised."""
    raised: list[BaseException] = []
    start = threading.Barrier(len(targets))

    def run(target: Callable[[], None]) -> None:
        start.wait()
        try:
            target()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


@pytest.mark.parametrize("device", DEVICES)
def test_two_contexts_called_in_turn_keep_their_states_apart(counter_module: Module, device: str) -> None:
    one = gossamer.Pipeline([counter_module], device=device)
    two = gossamer.Pipeline([counter_module], device=device)
    step_one, step_two = np.full(4, 1, np.float32), np.full(4, 2, np.float32)
    for index in range(1, CALLS + 1):
        total_one, count_one = one.add(step_one)
        total_two, count_two = two.add(step_two)
        found = (count_one, count_two, total_one.tolist(), total_two.tolist())
        if found != (index, index, [index] * 4, [2 * index] * 4):
            raise AssertionError(f"call {index}: {found}")
    assert one.state["counter.calls"] == two.state["counter.calls"] == CALLS
    np.testing.assert_array_equal(one.state["counter.sum"], np.full(4, CALLS))
    np.testing.assert_array_equal(two.state["counter.sum"], np.full(4, 2 * CALLS))


@pytest.mark.parametrize("device", DEVICES)
def test_two_contexts_called_from_two_threads_keep_their_states_apart(
    counter_module: Module, device: str
) -> None:
    one = gossamer.Pipeline([counter_module], device=device)
    two = gossamer.Pipeline([counter_module], device=device)
    run_in_threads(lambda: call_many(one, 1, CALLS), lambda: call_many(two, 3, CALLS))
    assert one.state["counter.calls"] == two.state["counter.calls"] == CALLS


def test_devices_of_both_kinds_are_called_at_once(counter_module: Module) -> None:
    pipelines = [gossamer.Pipeline([counter_module], device=device) for device in DEVICES * 2]
    run_in_threads(
        *(lambda p=pipeline, s=step: call_many(p, s, 1000) for step, pipeline in enumerate(pipelines, 1))
    )


@pytest.mark.parametrize("device", DEVICES)
def test_states_stay_apart_behind_an_importing_module(
    counter_module: Module, front_module: Module, device: str
) -> None:
    pipelines = [gossamer.Pipeline([counter_module, front_module], device=device) for _ in range(2)]

    def call(pipeline: gossamer.Pipeline, step: float) -> None:
        for index in range(1, 1001):
            both, count = pipeline.twice(np.full(4, step, np.float32))
            assert count == 2 * index
            assert (both == step * (4 * index - 1)).all()

    run_in_threads(lambda: call(pipelines[0], 1), lambda: call(pipelines[1], 2))


def test_forks_are_called_at_once(counter_module: Module) -> None:
    first = gossamer.Pipeline([counter_module], device="local-task")
    first.add(np.ones(4, np.float32))
    second = first.fork()

    def call(pipeline: gossamer.Pipeline, step: float) -> None:
        for index in range(1, 1001):
            total, count = pipeline.add(np.full(4, step, np.float32))
            assert count == 1 + index
            assert (total == 1 + step * index).all()

    run_in_threads(lambda: call(first, 1), lambda: call(second, 2))


@pytest.mark.parametrize("device", DEVICES)
def test_results_do_not_change_when_the_state_does(counter_module: Module, device: str) -> None:
    pipeline = gossamer.Pipeline([counter_module], device=device)
    results = [pipeline.add(np.ones(4, np.float32))[0] for _ in range(200)]
    for index, result in enumerate(results, 1):
        assert (result == index).all()


def test_contexts_are_made_from_several_threads_at_once(counter_module: Module) -> None:
    def make_and_call() -> None:
        for _ in range(20):
            call_many(gossamer.Pipeline([counter_module], device="local-sync"), 1, 3)

    run_in_threads(make_and_call, make_and_call, make_and_call)
