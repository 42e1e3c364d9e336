"""Fences of `gossamer` and of IREE's names stand for each other, or it is said why not."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
import gossamer.runtime as rt
from gossamer.errors import InvalidArgumentError

DOUBLE = gossamer.compile_text(
    """
module @double {
  func.func @run(%x: tensor<2xf32>) -> tensor<2xf32> {
    %0 = arith.addf %x, %x : tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}""",
    asynchronous=True,
)
X = np.float32([1, 2])


@pytest.fixture
def semaphore() -> rt.HalSemaphore:
    return rt.get_device("local-sync").create_semaphore(0)


def test_a_pipeline_takes_fences_of_irees_names(semaphore: rt.HalSemaphore) -> None:
    pipeline = gossamer.Pipeline([DOUBLE], device="local-task")
    call = pipeline.run(X, wait=rt.HalFence.create_at(semaphore, 1))
    assert not call.done()
    semaphore.signal(1)
    np.testing.assert_array_equal(call.result(10), [2, 4])

    signal = rt.HalFence.create_at(semaphore, 2)
    result = pipeline.run(X, signal=signal)
    assert signal.wait(10**10)
    np.testing.assert_array_equal(result.to_numpy(), [2, 4])


def test_irees_fences_take_those_of_gossamer(semaphore: rt.HalSemaphore) -> None:
    first, second = gossamer.Fence.create(), gossamer.Fence.create()
    joined = rt.HalFence.join([first, rt.HalFence.create_at(semaphore, 1)])
    joined.extend(second)

    for signal in (first.signal, second.signal, lambda: semaphore.signal(1)):
        assert not joined.wait(0)
        signal()
    assert joined.wait(0)


def test_what_does_not_fit_is_named(semaphore: rt.HalSemaphore) -> None:
    fence = rt.HalFence.create_at(semaphore, 1)
    with pytest.raises(InvalidArgumentError, match=r"expected a gossamer\.Fence, found HalFence"):
        gossamer.Fence.join([fence])  # type: ignore[list-item]
    with pytest.raises(InvalidArgumentError, match="expected a Semaphore, found HalSemaphore"):
        gossamer.Fence.at(semaphore, 1)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="expected a HalSemaphore, found Fence"):
        fence.insert(gossamer.Fence.create(), 1)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match=r"join expected .*, found HalSemaphore"):
        rt.HalFence.join([semaphore])  # type: ignore[list-item]
    with pytest.raises(InvalidArgumentError, match="a fence fails with an exception, found 'broken'"):
        gossamer.Fence.create().fail("broken")  # type: ignore[arg-type]
