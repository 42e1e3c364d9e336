"""Semaphores and fences under IREE's names."""

from __future__ import annotations

import threading
import time

import pytest

import gossamer.runtime as rt
from gossamer.errors import InvalidArgumentError


@pytest.fixture
def semaphore() -> rt.HalSemaphore:
    return rt.get_device("local-task").create_semaphore(0)


def test_semaphores_grow(semaphore: rt.HalSemaphore) -> None:
    assert semaphore.query() == 0
    assert semaphore.wait(1, deadline=0) is False
    assert semaphore.wait(1, timeout=1_000_000) is False
    semaphore.signal(2)
    assert semaphore.query() == 2
    assert semaphore.wait(1, deadline=0) is True
    assert semaphore.wait(2) is True
    with pytest.raises(ValueError, match="only grow"):
        semaphore.signal(1)


def test_a_deadline_is_a_time_of_the_monotonic_clock(semaphore: rt.HalSemaphore) -> None:
    started = time.monotonic_ns()
    assert semaphore.wait(1, deadline=started + 20_000_000) is False
    assert time.monotonic_ns() - started >= 20_000_000
    with pytest.raises(ValueError, match="cannot both be set"):
        semaphore.wait(1, timeout=1, deadline=1)


def test_failures_say_when_they_happened(semaphore: rt.HalSemaphore) -> None:
    waiting = threading.Event()

    def fail_later() -> None:
        waiting.wait()
        time.sleep(0.05)
        semaphore.fail("out of luck")

    thread = threading.Thread(target=fail_later)
    thread.start()
    waiting.set()
    with pytest.raises(RuntimeError, match=r"^asynchronous semaphore failure: UNKNOWN; out of luck"):
        semaphore.wait(1)
    thread.join()
    with pytest.raises(RuntimeError, match=r"^synchronous semaphore failure: UNKNOWN; out of luck"):
        semaphore.wait(1, deadline=0)
    with pytest.raises(RuntimeError, match=r"^querying semaphore: UNKNOWN; out of luck"):
        semaphore.query()
    assert semaphore.wait(0) is True


def test_failures_keep_the_class_of_their_status(semaphore: rt.HalSemaphore) -> None:
    semaphore.object.fail(InvalidArgumentError("no such thing"))
    with pytest.raises(ValueError, match="INVALID_ARGUMENT; no such thing"):
        semaphore.wait(1)


def test_fences_collect_timepoints(semaphore: rt.HalSemaphore) -> None:
    other = rt.get_device("local-task").create_semaphore(0)
    fence = rt.HalFence(2)
    assert fence.wait() is True
    fence.insert(semaphore, 1)
    fence.insert(semaphore, 2)
    fence.extend(rt.HalFence.create_at(other, 1))
    assert fence.timepoint_count == 2
    assert fence.wait(deadline=0) is False
    semaphore.signal(2)
    assert fence.wait(timeout=0) is False
    other.signal(1)
    assert fence.wait() is True


def test_joined_fences_wait_for_all(semaphore: rt.HalSemaphore) -> None:
    joined = rt.HalFence.join([rt.HalFence.create_at(semaphore, 1), rt.HalFence.create_at(semaphore, 3)])
    assert joined.timepoint_count == 1
    joined.signal()
    assert semaphore.query() == 3
    assert rt.HalFence.join([]).timepoint_count == 0


def test_fences_fail_their_semaphores(semaphore: rt.HalSemaphore) -> None:
    fence = rt.HalFence.create_at(semaphore, 1)
    fence.fail("out of luck")
    with pytest.raises(RuntimeError, match=r"^synchronous fence failure: UNKNOWN; out of luck"):
        fence.wait(deadline=0)
    with pytest.raises(RuntimeError):
        semaphore.query()


def test_timepoints_of_other_runtimes_are_refused(semaphore: rt.HalSemaphore) -> None:
    timepoint = rt.HalExternalTimepoint()
    assert timepoint.type == rt.ExternalTimepointType.NONE
    with pytest.raises(NotImplementedError):
        semaphore.import_timepoint(1, timepoint)
    with pytest.raises(NotImplementedError):
        semaphore.export_timepoint(1, rt.ExternalTimepointType.CUDA_EVENT, 0, timepoint)
