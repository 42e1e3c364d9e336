"""Deadlines, cancellation and limits of calls of pipelines."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Annotated

import numpy as np
import pytest

import gossamer
from gossamer.errors import ResourceExhaustedError
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.errors import CallCancelledError, CallResourceError, CallTimeoutError
from gossamer.limits.scope import interrupts
from gossamer.machine_code.compiled_code import JIT_VARIABLE

LOOPS_MLIR = """
builtin.module @loops {
  util.global private mutable @calls = 0 : i32
  func.func @host(%x: tensor<4xf32>, %turns: i32) -> tensor<4xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %one = arith.constant 1 : i32
    %calls = util.global.load @calls : i32
    %next = arith.addi %calls, %one : i32
    util.global.store %next, @calls : i32
    %count = arith.index_cast %turns : i32 to index
    %r = scf.for %i = %c0 to %count step %c1 iter_args(%a = %x) -> tensor<4xf32> {
      %b = arith.addf %a, %x : tensor<4xf32>
      scf.yield %b : tensor<4xf32>
    }
    return %r : tensor<4xf32>
  }
  func.func @scalar(%start: i32) -> i32 {
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
  func.func @kernel(%x: tensor<64xi32>) -> tensor<64xi32> {
    %e = tensor.empty() : tensor<64xi32>
    %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                         iterator_types = ["parallel"]}
        ins(%x : tensor<64xi32>) outs(%e : tensor<64xi32>) {
    ^bb0(%v: i32, %o: i32):
      %zero = arith.constant 0 : i32
      %w = scf.while (%a = %v) : (i32) -> i32 {
        %c = arith.cmpi ne, %a, %zero : i32
        scf.condition(%c) %a : i32
      } do {
      ^bb0(%a: i32):
        %b = arith.muli %a, %v : i32
        scf.yield %b : i32
      }
      linalg.yield %w : i32
    } -> tensor<64xi32>
    return %r : tensor<64xi32>
  }
  func.func @grow(%x: tensor<?xf32>) -> tensor<?xf32> {
    %y = math.absf %x : tensor<?xf32>
    return %y : tensor<?xf32>
  }
}
"""
ENDLESS = 2_000_000_000


@pytest.fixture(scope="module")
def loops() -> bytes:
    return gossamer.compile_text(LOOPS_MLIR)


@pytest.fixture(scope="module")
def async_loops() -> bytes:
    return gossamer.compile_text(LOOPS_MLIR, asynchronous=True)


@pytest.fixture(params=["local-sync", "local-task"])
def pipeline(request: pytest.FixtureRequest, loops: bytes) -> gossamer.Pipeline:
    return gossamer.Pipeline([loops], device=request.param)


ONES = np.ones(4, np.float32)
ENDLESS_CALLS: dict[str, Callable[[gossamer.Pipeline], object]] = {
    "host": lambda pipeline: pipeline.host(ONES, ENDLESS),
    "scalar": lambda pipeline: pipeline.scalar(1),
    "kernel": lambda pipeline: pipeline.kernel(np.ones(64, np.int32)),
}
KINDS = pytest.mark.parametrize("kind", ENDLESS_CALLS)


def eventually(condition: Callable[[], bool]) -> bool:
    """Why: a worker may still have a piece of a call in hand that ended."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


@KINDS
def test_a_deadline_ends_a_call(pipeline: gossamer.Pipeline, kind: str) -> None:
    with gossamer.call_limits(timeout=0.05), pytest.raises(CallTimeoutError) as error:
        ENDLESS_CALLS[kind](pipeline)
    assert error.value.function == f"loops.{kind}"
    assert f"in a call of loops.{kind}" in str(error.value)
    assert pipeline.scalar(0) == 0
    assert interrupts == [0]


@KINDS
def test_cancelling_ends_a_call(pipeline: gossamer.Pipeline, kind: str) -> None:
    with gossamer.call_limits() as scope:
        threading.Timer(0.05, scope.cancel).start()
        with pytest.raises(CallCancelledError):
            ENDLESS_CALLS[kind](pipeline)
    np.testing.assert_array_equal(pipeline.kernel(np.zeros(64, np.int32)), np.zeros(64))


@KINDS
def test_steps_end_a_call(pipeline: gossamer.Pipeline, kind: str) -> None:
    with gossamer.call_limits(max_steps=500), pytest.raises(CallResourceError, match="500 steps"):
        ENDLESS_CALLS[kind](pipeline)
    with gossamer.call_limits(max_steps=500):
        pipeline.host(ONES, 10)


@KINDS
def test_what_is_not_native_stops_too(
    loops: bytes, kind: str, pipeline: gossamer.Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(JIT_VARIABLE, "0")
    slow = gossamer.Pipeline([loops], device=pipeline.devices[0])
    with gossamer.call_limits(timeout=0.1), pytest.raises(CallTimeoutError):
        ENDLESS_CALLS[kind](slow)
    with gossamer.call_limits(max_steps=200), pytest.raises(CallResourceError):
        ENDLESS_CALLS[kind](slow)
    assert eventually(lambda: interrupts == [0])


def test_limits_may_belong_to_a_pipeline(loops: bytes) -> None:
    limited = gossamer.Pipeline([loops], device="local-sync", limits=gossamer.CallLimits(max_steps=100))
    for _ in range(3):
        limited.host(ONES, 50)
        with pytest.raises(CallResourceError):
            limited.fork().host(ONES, 200)


def test_what_was_stored_stays_and_memory_is_released(pipeline: gossamer.Pipeline) -> None:
    allocator = pipeline.devices[0].allocator
    pipeline.host(ONES, 1)
    before = allocator.statistics.live_bytes
    for _ in range(5):
        with gossamer.call_limits(max_steps=50), pytest.raises(CallResourceError) as error:
            pipeline.host(ONES, ENDLESS)
        del error
    assert pipeline.state["loops.calls"] == 6
    assert eventually(lambda: allocator.statistics.live_bytes <= before)


def test_memory_is_bounded(pipeline: gossamer.Pipeline) -> None:
    x = np.ones(1000, np.float32)
    with gossamer.call_limits(max_memory=1 << 20) as scope:
        for _ in range(500):
            pipeline.grow(x)
        with pytest.raises(CallResourceError, match="limit of 1048576 bytes"):
            pipeline.grow(np.ones(1 << 20, np.float32))
        assert scope.used_memory < 1 << 17


@gossamer.module("again")
class Again:
    """Calls the pipeline that called it."""

    pipeline: gossamer.Pipeline | None = None

    @gossamer.export
    def down(self, depth: Annotated[int, "i32"]) -> Annotated[int, "i32"]:
        assert Again.pipeline is not None
        return 0 if depth == 0 else 1 + int(Again.pipeline.down(depth - 1))


DOWN_MLIR = """
builtin.module @front {
  func.func private @again.down(%depth: i32) -> i32
  func.func @down(%depth: i32) -> i32 {
    %r = call @again.down(%depth) : (i32) -> i32
    return %r : i32
  }
}
"""


@pytest.fixture
def recursive() -> gossamer.Pipeline:
    Again.pipeline = gossamer.Pipeline([Again, gossamer.compile_text(DOWN_MLIR)], device="local-sync")
    return Again.pipeline


def test_depth_is_bounded_through_python(recursive: gossamer.Pipeline) -> None:
    with gossamer.call_limits(max_depth=5):
        assert recursive.down(4) == 4
        with pytest.raises(CallResourceError, match="5 calls inside each other"):
            recursive.down(5)
        assert recursive.down(4) == 4


def test_an_endless_recursion_through_python_is_an_error(recursive: gossamer.Pipeline) -> None:
    with pytest.raises(ResourceExhaustedError, match="recursion"):
        recursive.down(-1)
    assert recursive.down(3) == 3


def test_an_invocation_is_cancelled_before_it_starts(async_loops: bytes) -> None:
    pipeline = gossamer.Pipeline([async_loops], device="local-task")
    never = Fence.create()
    invocation = pipeline.grow(ONES, wait=never)
    assert not invocation.done()
    assert invocation.cancel()
    with pytest.raises(CallCancelledError, match=r"in a call of loops\.grow"):
        invocation.result(10)
    assert not invocation.cancel()
    np.testing.assert_array_equal(pipeline.grow(-ONES).result(10), ONES)


def test_an_invocation_is_cancelled_while_it_runs(async_loops: bytes) -> None:
    pipeline = gossamer.Pipeline([async_loops], device="local-task")
    start = Fence.create()
    invocation = pipeline.kernel(np.ones(64, np.int32), wait=start)
    thread = threading.Thread(target=start.signal)
    thread.start()
    threading.Timer(0.05, invocation.cancel).start()
    with pytest.raises(CallCancelledError):
        invocation.result(10)
    thread.join(10)
    assert not thread.is_alive()


def test_fences_given_by_hand_fail_with_their_scope(async_loops: bytes) -> None:
    pipeline = gossamer.Pipeline([async_loops], device="local-task")
    signal = Fence.create()
    with gossamer.call_limits() as scope:
        pipeline.grow(ONES, wait=Fence.create(), signal=signal)
    scope.cancel()
    with pytest.raises(CallCancelledError):
        signal.wait(10)


def test_a_deadline_goes_on_for_what_was_started(async_loops: bytes) -> None:
    pipeline = gossamer.Pipeline([async_loops], device="local-task")
    with gossamer.call_limits(timeout=0.05):
        invocation = pipeline.grow(ONES, wait=Fence.create())
    with pytest.raises(CallTimeoutError):
        invocation.result(10)


def test_cancelling_a_task_cancels_the_call_it_awaits(async_loops: bytes, loops: bytes) -> None:
    pipeline = gossamer.Pipeline([async_loops], device="local-task")
    synchronous = gossamer.Pipeline([loops], device="local-sync")

    async def call() -> None:
        invocation = pipeline.grow(ONES, wait=Fence.create())
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(invocation, 0.05)
        assert isinstance(invocation.fence.failure, CallCancelledError)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(synchronous.host.submit(ONES, ENDLESS), 0.05)
        np.testing.assert_array_equal(await pipeline.grow(-ONES), ONES)

    asyncio.run(call())
    assert synchronous.scalar(0) == 0


@gossamer.module("slow")
class Slow:
    """Coroutines that do not end by themselves."""

    ended = threading.Event()

    @gossamer.export
    async def forever(self, x: Annotated[np.ndarray, "4xf32"]) -> Annotated[np.ndarray, "4xf32"]:
        try:
            await asyncio.sleep(3600)
        finally:
            Slow.ended.set()
        return x


def test_coroutines_of_modules_are_cancelled() -> None:
    pipeline = gossamer.Pipeline([Slow], device="local-task")
    invocation = pipeline.forever(ONES)
    invocation.cancel()
    with pytest.raises(CallCancelledError):
        invocation.result(10)
    assert Slow.ended.wait(10)


def test_python_methods_may_ask_themselves() -> None:
    @gossamer.module("counting")
    class Counting:
        @gossamer.export
        def count(self) -> Annotated[int, "i32"]:
            while True:
                gossamer.check_limits()

    with gossamer.call_limits(timeout=0.02), pytest.raises(CallTimeoutError):
        gossamer.Pipeline([Counting], device="local-sync").count()
