from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest

from gossamer.errors import AbortedError, DeadlineExceededError, InvalidArgumentError, StatusError
from gossamer.hal.timeline.semaphore import Semaphore


def test_values_grow_and_waits_end() -> None:
    semaphore = Semaphore(3)
    semaphore.wait(3)
    semaphore.signal(5)

    semaphore.wait(4, 0)
    assert semaphore.query() == 5


def test_values_do_not_shrink() -> None:
    with pytest.raises(InvalidArgumentError, match="only grow"):
        Semaphore(3).signal(2)


def test_a_timeout_says_what_it_waited_for() -> None:
    with pytest.raises(DeadlineExceededError, match="waiting for semaphore value 2; present value is 1"):
        Semaphore(1).wait(2, 0.001)


def test_another_thread_ends_a_wait() -> None:
    semaphore = Semaphore()
    threading.Timer(0.01, semaphore.signal, (1,)).start()

    semaphore.wait(1, 10)


def test_a_failure_reaches_every_waiter() -> None:
    semaphore = Semaphore(1)
    error = AbortedError("broken")
    seen: list[StatusError | None] = []
    semaphore.on_reached(2, seen.append)
    semaphore.on_reached(3, seen.append)
    semaphore.fail(error)

    assert seen == [error, error]
    with pytest.raises(AbortedError, match="broken"):
        semaphore.wait(2)
    with pytest.raises(AbortedError, match="broken"):
        semaphore.query()
    semaphore.wait(1)


def test_context_added_to_one_raise_does_not_reach_the_next() -> None:
    semaphore = Semaphore()
    semaphore.fail(AbortedError("broken"))
    with pytest.raises(AbortedError) as first:
        semaphore.wait(1)
    first.value.annotate("while calling")
    with pytest.raises(AbortedError) as second:
        semaphore.wait(1)

    assert second.value.annotations == []


def test_only_the_first_failure_counts_and_ends_the_timeline() -> None:
    semaphore = Semaphore()
    semaphore.fail(AbortedError("first"))
    semaphore.fail(AbortedError("second"))
    semaphore.signal(1)

    assert semaphore.value == 0
    assert semaphore.failure is not None
    assert semaphore.failure.message == "first"


def test_callbacks_run_in_the_order_reached() -> None:
    semaphore = Semaphore()
    order: list[int] = []
    semaphore.on_reached(2, lambda _: order.append(2))
    semaphore.on_reached(1, lambda _: order.append(1))
    semaphore.signal(1)
    semaphore.signal(2)
    semaphore.on_reached(1, lambda _: order.append(3))

    assert order == [1, 2, 3]


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain = [Semaphore() for _ in range(20_000)]
    for semaphore, following in pairwise(chain):
        semaphore.on_reached(1, lambda _error, following=following: following.signal(1))
    chain[0].signal(1)

    assert chain[-1].value == 1


def test_a_faulty_callback_does_not_stop_the_others() -> None:
    semaphore = Semaphore()
    seen: list[object] = []

    def faulty(_error: StatusError | None) -> None:
        raise KeyError("mine")

    semaphore.on_reached(1, faulty)
    semaphore.on_reached(1, seen.append)
    with pytest.raises(KeyError):
        semaphore.signal(1)

    assert seen == [None]


def test_no_wakeup_is_lost_under_contention() -> None:
    """Signals race with registrations: every callback runs exactly once."""
    rounds = 300
    counts = [0] * rounds
    semaphores = [Semaphore() for _ in range(rounds)]

    def register() -> None:
        for index, semaphore in enumerate(semaphores):

            def reached(_error: StatusError | None, index: int = index) -> None:
                counts[index] += 1

            semaphore.on_reached(1, reached)

    def signal() -> None:
        for semaphore in semaphores:
            semaphore.signal(1)

    threads = [threading.Thread(target=register), threading.Thread(target=signal)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))

    assert counts == [1] * rounds
