"""`!vm.buffer` memory: ownership, alignment, bounds."""

import numpy as np
import pytest

from gossamer.errors import (
    InvalidArgumentError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
)
from gossamer.vm.objects.buffer import Buffer


@pytest.mark.parametrize("alignment", [0, 1, 16, 64, 256, 4096])
def test_allocated_memory_is_zero_and_aligned(alignment: int) -> None:
    buffer = Buffer.allocate(100, alignment)

    assert buffer.length == len(buffer) == 100
    assert bytes(buffer.data) == bytes(100)
    assert buffer.address % max(alignment, 64) == 0
    assert buffer.is_mutable


@pytest.mark.parametrize("alignment", [3, 48, -64, 1 << 22])
def test_odd_alignments_are_refused(alignment: int) -> None:
    with pytest.raises(InvalidArgumentError, match="alignment"):
        Buffer.allocate(8, alignment)


@pytest.mark.parametrize("length", [-1, 1 << 62])
def test_impossible_lengths_exhaust_resources(length: int) -> None:
    with pytest.raises(ResourceExhaustedError):
        Buffer.allocate(length)


def test_wrapping_shares_memory_both_ways() -> None:
    array = np.arange(4, dtype=np.float32)
    buffer = Buffer.wrap(array)

    buffer.view("f")[1] = 9.0
    array[2] = 7.0

    assert list(array) == [0, 9, 7, 3]
    assert list(buffer.view("f")) == [0, 9, 7, 3]
    assert buffer.address == array.ctypes.data


def test_wrapped_bytes_are_immutable() -> None:
    buffer = Buffer.wrap(b"abcd")

    assert not buffer.is_mutable
    with pytest.raises(PermissionDeniedError):
        buffer.mutable_range(0, 1)
    with pytest.raises(PermissionDeniedError):
        Buffer.wrap(b"abcd", is_mutable=True)
    with pytest.raises(TypeError):
        buffer.data[0] = 1


def test_a_mutable_source_can_be_wrapped_read_only() -> None:
    storage = bytearray(4)
    buffer = Buffer.wrap(storage, is_mutable=False)

    storage[0] = 5

    assert buffer.data.readonly
    assert buffer.data[0] == 5


def test_empty_sources() -> None:
    assert Buffer.wrap(b"").length == 0
    assert Buffer.wrap(np.zeros((0, 3), dtype=np.float32)).length == 0
    assert Buffer.allocate(0).length == 0


def test_views_hold_whole_elements_only() -> None:
    buffer = Buffer.allocate(11)

    assert len(buffer.view("i")) == 2
    assert len(buffer.view("q")) == 1
    assert buffer.view("i") is buffer.view("i")


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, 9), (8, 1), (9, 0), (0, -1), (1 << 63, 1)])
def test_ranges_stay_inside(offset: int, length: int) -> None:
    with pytest.raises(OutOfRangeError):
        Buffer.allocate(8).range(offset, length)


def test_the_end_is_an_empty_range() -> None:
    assert len(Buffer.allocate(8).range(8, 0)) == 0


def test_fork_copies_only_what_can_change() -> None:
    mutable, constant = Buffer.allocate(4), Buffer.wrap(b"abcd")

    copy = mutable.fork_copy({})
    mutable.data[0] = 1

    assert copy.data[0] == 0
    assert constant.fork_copy({}) is constant
