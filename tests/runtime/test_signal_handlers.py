"""Handlers of signals run while the main thread is in native code: Ctrl-C ends an endless call."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import gossamer
from gossamer.compiler.options import CompileOptions
from gossamer.limits.errors import CallCancelledError, CallTimeoutError

ENDLESS_LOOP = """
module @loop {
  func.func @spin(%seed: i32) -> i32 {
    %zero = arith.constant 0 : i32
    %end = scf.while (%value = %seed) : (i32) -> i32 {
      %goes_on = arith.cmpi ne, %value, %zero : i32
      scf.condition(%goes_on) %value : i32
    } do {
    ^bb0(%value: i32):
      %next = arith.muli %value, %seed : i32
      scf.yield %next : i32
    }
    return %end : i32
  }
}
"""
"""Ends for even numbers only."""

ENDLESS_KERNEL = """
module @kernel {
  func.func @spin(%seeds: tensor<8xi32>) -> tensor<8xi32> {
    %init = tensor.empty() : tensor<8xi32>
    %ends = linalg.generic {
        indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%seeds : tensor<8xi32>) outs(%init : tensor<8xi32>) {
    ^bb0(%seed: i32, %out: i32):
      %zero = arith.constant 0 : i32
      %end = scf.while (%value = %seed) : (i32) -> i32 {
        %goes_on = arith.cmpi ne, %value, %zero : i32
        scf.condition(%goes_on) %value : i32
      } do {
      ^bb0(%value: i32):
        %next = arith.muli %value, %seed : i32
        scf.yield %next : i32
      }
      linalg.yield %end : i32
    } -> tensor<8xi32>
    return %ends : tensor<8xi32>
  }
}
"""

ENDLESS_START = """
module @start {
  util.global private mutable @value = 3 : i32
  util.initializer {
    %seed = util.global.load @value : i32
    %zero = arith.constant 0 : i32
    %end = scf.while (%value = %seed) : (i32) -> i32 {
      %goes_on = arith.cmpi ne, %value, %zero : i32
      scf.condition(%goes_on) %value : i32
    } do {
    ^bb0(%value: i32):
      %next = arith.muli %value, %seed : i32
      scf.yield %next : i32
    }
    util.global.store %end, @value : i32
    util.return
  }
  func.func @get() -> i32 {
    %value = util.global.load @value : i32
    return %value : i32
  }
}
"""


class Pressed(BaseException):
    """As KeyboardInterrupt, which pytest itself would take for its own."""


def raise_pressed(*_: object) -> None:
    raise Pressed


@contextmanager
def signals(handler: object, *after_seconds: float) -> Iterator[None]:
    """Signals to this process so long from now, and a handler for them."""
    before = signal.signal(signal.SIGUSR1, handler)  # pyright: ignore[reportArgumentType]
    timers = [threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGUSR1)) for seconds in after_seconds]
    for timer in timers:
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.join()
        signal.signal(signal.SIGUSR1, before)


@pytest.fixture(scope="module")
def loop() -> bytes:
    return gossamer.compile_text(ENDLESS_LOOP)


@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_a_loop_ends_with_what_the_handler_raises(loop: bytes, device: str) -> None:
    with gossamer.Pipeline([loop], device=device) as pipeline:
        with signals(raise_pressed, 0.2), pytest.raises(Pressed):
            pipeline.spin(3)

        assert pipeline.spin(2) == 0


def test_again_and_again(loop: bytes) -> None:
    with gossamer.Pipeline([loop], device="local-sync") as pipeline:
        for _ in range(3):
            with signals(raise_pressed, 0.05), pytest.raises(Pressed):
                pipeline.spin(3)


def test_a_loop_goes_on_where_the_handler_raises_nothing(loop: bytes) -> None:
    seen: list[int] = []

    def handler(*_: object) -> None:
        seen.append(len(seen))
        if len(seen) == 3:
            raise Pressed

    with (
        gossamer.Pipeline([loop], device="local-sync") as pipeline,
        signals(handler, 0.1, 0.4, 0.7),
        pytest.raises(Pressed),
    ):
        pipeline.spin(3)

    assert seen == [0, 1, 2]


def test_a_loop_under_limits_ends_too(loop: bytes) -> None:
    with (
        gossamer.Pipeline([loop], device="local-sync") as pipeline,
        gossamer.call_limits(timeout=60),
        signals(raise_pressed, 0.2),
        pytest.raises(Pressed),
    ):
        pipeline.spin(3)


def test_limits_hold_while_the_watch_is_awake(loop: bytes) -> None:
    with (
        gossamer.Pipeline([loop], device="local-sync") as pipeline,
        pytest.raises(CallTimeoutError),
        gossamer.call_limits(timeout=0.3),
    ):
        pipeline.spin(3)


def test_a_loop_of_another_thread_goes_on(loop: bytes) -> None:
    with gossamer.Pipeline([loop], device="local-sync") as pipeline:
        scope = gossamer.call_limits()
        ends: list[type[BaseException]] = []

        def spin() -> None:
            try:
                with scope:
                    pipeline.spin(3)
            except CallCancelledError as error:
                ends.append(type(error))

        thread = threading.Thread(target=spin)
        thread.start()
        with signals(raise_pressed, 0.1), pytest.raises(Pressed):
            pipeline.spin(3)

        assert thread.is_alive()
        scope.cancel()
        thread.join()
        assert ends == [CallCancelledError]


def test_the_start_of_a_module_ends_too() -> None:
    module = gossamer.compile_text(ENDLESS_START)

    with signals(raise_pressed, 0.3), pytest.raises(Pressed):
        gossamer.Pipeline([module], device="local-sync")


def test_a_kernel_ends_too() -> None:
    options = CompileOptions(target_device="local", target_backends=("vmvx",))
    module = gossamer.compile_text(ENDLESS_KERNEL, options=options)
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        with signals(raise_pressed, 0.3), pytest.raises(Pressed):
            pipeline.spin([3] * 8)

        assert list(pipeline.spin([2, 4, 6, 8] * 2)) == [0] * 8
