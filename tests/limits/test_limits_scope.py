"""Scopes of calls by themselves: what stops them, who is told, what is counted."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import pytest

from gossamer.errors import (
    CancelledError,
    DeadlineExceededError,
    FailedPreconditionError,
    InvalidArgumentError,
    ResourceExhaustedError,
)
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.hal.timeline.fence import Fence
from gossamer.limits.call_limits import CallLimits
from gossamer.limits.deadlines import _watch  # pyright: ignore[reportPrivateUsage]
from gossamer.limits.errors import CallCancelledError, CallResourceError, CallTimeoutError, LimitError
from gossamer.limits.interrupt_word import STOP
from gossamer.limits.scope import CallScope, call_limits, check_limits, current_scope, interrupts
from gossamer.vm.objects.buffer import Buffer
from gossamer.vm.objects.list import List


@pytest.fixture(autouse=True)
def _interrupts_end_as_they_began() -> Iterator[None]:
    assert interrupts == [0]
    yield
    assert interrupts == [0]
    assert current_scope() is None


def test_errors_are_of_their_codes_and_carry_figures() -> None:
    with call_limits(timeout=0) as scope, pytest.raises(CallTimeoutError) as timeout:
        Fence.create().wait()
    assert isinstance(timeout.value, DeadlineExceededError)
    assert isinstance(timeout.value, TimeoutError)
    assert (timeout.value.limit, timeout.value.allowed) == ("timeout", 0)
    assert timeout.value.reached >= 0
    assert scope.failure is not None
    assert isinstance(CallCancelledError(""), CancelledError)
    assert isinstance(CallResourceError(""), ResourceExhaustedError)
    assert str(CallCancelledError("x")).startswith("CANCELLED; x")


@pytest.mark.parametrize("name", ["timeout", "max_steps", "max_depth", "max_memory"])
@pytest.mark.parametrize("value", [-1, float("nan"), "x"])
def test_limits_are_numbers_that_are_not_negative(name: str, value: object) -> None:
    with pytest.raises(InvalidArgumentError, match=name):
        CallLimits(**{name: value})  # pyright: ignore[reportArgumentType]


def test_a_scope_is_entered_once() -> None:
    scope = call_limits()
    with scope:
        assert current_scope() is scope
    with pytest.raises(FailedPreconditionError, match="once"), scope:
        pass


def test_a_wait_ends_when_its_scope_is_cancelled() -> None:
    scope = call_limits()
    threading.Timer(0.02, scope.cancel).start()
    with pytest.raises(CallCancelledError), scope:
        Fence.create().wait()


def test_a_wait_with_a_timeout_of_its_own_keeps_it() -> None:
    with call_limits(timeout=60), pytest.raises(DeadlineExceededError, match=r"0\.01") as error:
        Fence.create().wait(0.01)
    assert not isinstance(error.value, LimitError)


def test_what_is_reached_counts_though_the_scope_is_stopped() -> None:
    fence = Fence.create()
    fence.signal()
    with call_limits() as scope:
        scope.cancel()
        fence.wait()


def test_the_first_failure_stays() -> None:
    with call_limits(timeout=0.001) as scope:
        scope.cancel()
        time.sleep(0.02)
        with pytest.raises(CallCancelledError):
            check_limits()


def test_a_scope_cancelled_before_it_is_entered_stops_at_once() -> None:
    scope = call_limits()
    scope.cancel()
    with pytest.raises(CallCancelledError), scope:
        check_limits()


def test_scopes_inside_are_stopped_with_outer_ones_and_not_the_other_way() -> None:
    with call_limits() as outer:
        with call_limits() as inner:
            inner.cancel()
            assert outer.failure is None
        with call_limits() as other:
            outer.cancel()
            assert isinstance(other.failure, CallCancelledError)
            with call_limits() as late:
                assert late.failure is not None
                assert late.word.flags & STOP


def test_steps_are_counted_through_scopes_inside() -> None:
    with call_limits(max_steps=5) as outer:
        with call_limits():
            check_limits()
            check_limits()
        with call_limits(max_steps=100):
            for _ in range(3):
                check_limits()
            with pytest.raises(CallResourceError, match="limit of 5 steps") as error:
                check_limits()
    assert error.value.limit == "max_steps"
    assert outer.word.steps <= 0


def test_depth_is_counted_by_thread_and_given_back() -> None:
    with call_limits(max_depth=2) as scope:
        scope.enter_call()
        scope.enter_call()
        with pytest.raises(CallResourceError, match="2 calls inside each other") as error:
            scope.enter_call()
        assert (error.value.limit, error.value.allowed, error.value.reached) == ("max_depth", 2, 3)
        scope.leave_call()
        scope.enter_call()
        thread = threading.Thread(target=scope.enter_call)
        thread.start()
        thread.join()


def test_memory_is_counted_until_it_is_given_back() -> None:
    allocator = HeapAllocator()
    with call_limits(max_memory=1000) as scope:
        first = allocator.allocate_buffer(600)
        with pytest.raises(CallResourceError, match="uses 600 and asks for 500 more") as error:
            allocator.allocate_buffer(500)
        assert (error.value.limit, error.value.allowed, error.value.reached) == ("max_memory", 1000, 1100)
        del first
        second = allocator.allocate_buffer(900)
        assert scope.used_memory == 900
    third = allocator.allocate_buffer(5000)
    del second, third
    assert scope.used_memory == 0


def test_views_keep_memory_counted() -> None:
    with call_limits(max_memory=1000) as scope:
        view = HeapAllocator().allocate_buffer(64).to_numpy()
        assert scope.used_memory == 64
        del view
        assert scope.used_memory == 0


def test_memory_counts_in_all_scopes_around() -> None:
    with call_limits(max_memory=100) as outer, call_limits(max_memory=1000) as inner:
        kept = Buffer.allocate(80)
        with pytest.raises(CallResourceError, match="100 bytes"):
            Buffer.allocate(80)
        assert (outer.used_memory, inner.used_memory) == (80, 80)
        del kept
        assert (outer.used_memory, inner.used_memory) == (0, 0)


def test_buffers_and_lists_of_bytecode_are_counted_before_they_are_made() -> None:
    with call_limits(max_memory=1 << 20) as scope:
        with pytest.raises(CallResourceError):
            Buffer.allocate(1 << 60)
        values = List("i32")
        with pytest.raises(CallResourceError):
            values.resize(1 << 25)
        values.resize(100)
        assert scope.used_memory == 800
        del values
        assert scope.used_memory == 0


def test_deadlines_of_scopes_that_are_gone_are_forgotten() -> None:
    for _ in range(500):
        with call_limits(timeout=3600):
            pass
    gc.collect()
    with call_limits(timeout=3600):
        pass
    assert len(_watch._entries) < 200  # pyright: ignore[reportPrivateUsage]


def test_later_deadlines_do_not_delay_earlier_ones() -> None:
    late, early = CallScope(CallLimits(timeout=3600)), CallScope(CallLimits(timeout=0.02))
    with late, early, pytest.raises(CallTimeoutError, match=r"0\.02"):
        Fence.create().wait()
