"""`null` does all of a program but its kernels."""

from __future__ import annotations

import numpy as np
import pytest
from sample_programs import run_sample

import gossamer
from gossamer.errors import InvalidArgumentError, NotFoundError, ResourceExhaustedError
from gossamer.hal.memory.heap_allocator import HeapAllocator


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_program_runs_without_its_kernels(asynchronous: bool) -> None:
    # The byte that fresh memory is filled with is what no kernel writes over.
    device = gossamer.new_device("null", allocator=HeapAllocator(fill=0))

    for result in run_sample(device, asynchronous=asynchronous):
        np.testing.assert_array_equal(result, np.zeros(4096, np.float32))


def test_memory_is_that_of_the_program() -> None:
    real, null = gossamer.new_device("local-sync"), gossamer.new_device("null")
    run_sample(real)
    run_sample(null)

    assert null.allocator.statistics == real.allocator.statistics
    with pytest.raises(ResourceExhaustedError):
        run_sample(gossamer.new_device("null", max_memory=20_000))


def test_its_address_has_one_device_and_no_parameters() -> None:
    assert gossamer.new_device("null://default").identifier == "null"
    with pytest.raises(NotFoundError, match="driver 'null' has no device 'other'"):
        gossamer.new_device("null://other")
    with pytest.raises(InvalidArgumentError, match="unknown parameters: workers"):
        gossamer.new_device("null://?workers=2")
