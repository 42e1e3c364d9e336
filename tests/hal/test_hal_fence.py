from __future__ import annotations

import threading

import pytest

from gossamer.errors import AbortedError, DeadlineExceededError, StatusCode, StatusError
from gossamer.hal.timeline.fence import Fence
from gossamer.hal.timeline.semaphore import Semaphore


def test_a_created_fence_is_reached_by_one_signal() -> None:
    fence = Fence.create()
    assert fence.query() is StatusCode.DEFERRED
    fence.signal()
    fence.signal()

    assert fence.is_reached
    assert fence.query() is StatusCode.OK
    fence.wait()


def test_an_empty_fence_is_reached_from_the_start() -> None:
    fence = Fence()
    seen: list[object] = []
    fence.on_reached(seen.append)

    assert fence.is_reached
    assert seen == [None]
    fence.wait(0)


def test_the_larger_value_of_one_semaphore_counts() -> None:
    semaphore = Semaphore()
    fence = Fence(((semaphore, 2), (semaphore, 5), (semaphore, 3)))

    assert fence.timepoints == [(semaphore, 5)]


def test_a_join_waits_for_all() -> None:
    first, second = Fence.create(), Fence.create()
    joined = Fence.join([first, None, second, first])
    assert joined is not None
    assert len(joined.timepoints) == 2
    first.signal()
    assert not joined.is_reached
    second.signal()

    assert joined.is_reached


def test_a_join_of_nothing_is_null() -> None:
    assert Fence.join([]) is None
    assert Fence.join([None, Fence()]) is None


def test_a_failed_fence_raises_its_error() -> None:
    fence = Fence.create()
    fence.fail(AbortedError("the producer gave up"))

    assert fence.query() is StatusCode.ABORTED
    for timeout in (None, 0, 0.01):
        with pytest.raises(AbortedError, match="the producer gave up"):
            fence.wait(timeout)


def test_a_timed_out_wait_says_so() -> None:
    with pytest.raises(DeadlineExceededError, match=r"timed out after 0\.01 s waiting for a fence"):
        Fence.create().wait(0.01)


def test_callbacks_of_a_join_run_once() -> None:
    first, second = Fence.create(), Fence.create()
    joined = Fence.join([first, second])
    assert joined is not None
    seen: list[StatusError | None] = []
    joined.on_reached(seen.append)
    second.signal()
    assert seen == []
    first.signal()

    assert seen == [None]


def test_the_first_failure_of_a_join_is_reported_once() -> None:
    first, second = Fence.create(), Fence.create()
    joined = Fence.join([first, second])
    assert joined is not None
    seen: list[StatusError | None] = []
    joined.on_reached(seen.append)
    second.fail(AbortedError("second"))
    first.fail(AbortedError("first"))

    assert [str(error) for error in seen] == ["ABORTED; second"]


def test_another_thread_ends_a_wait_for_several() -> None:
    first, second = Fence.create(), Fence.create()
    joined = Fence.join([first, second])
    assert joined is not None
    threading.Timer(0.01, lambda: (second.signal(), first.signal())).start()

    joined.wait(10)
