"""Storage that callers give for results (`iree.abi.output`)."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

import gossamer
from gossamer.abi import element_type as element_types
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.timeline.fence import Fence

SIZE = 16

STORAGE_MLIR = """
builtin.module @storage {
  func.func @absolute(%x: tensor<16xf32>, %out: tensor<16xf32> {iree.abi.output = 0 : index})
      -> tensor<16xf32> {
    %0 = math.absf %x : tensor<16xf32>
    return %0 : tensor<16xf32>
  }
  func.func @counted(%out: tensor<?xf32> {iree.abi.output = 1 : index}, %x: tensor<?xf32>)
      -> (i32, tensor<?xf32>) {
    %0 = math.absf %x : tensor<?xf32>
    %c3 = arith.constant 3 : i32
    return %c3, %0 : i32, tensor<?xf32>
  }
  func.func @both(%x: tensor<16xf32>, %second: tensor<16xf32> {iree.abi.output = 1 : index},
                  %first: tensor<16xf32> {iree.abi.output = 0 : index}) -> (tensor<16xf32>, tensor<16xf32>) {
    %0 = math.absf %x : tensor<16xf32>
    %1 = arith.negf %0 : tensor<16xf32>
    return %0, %1 : tensor<16xf32>, tensor<16xf32>
  }
  func.func @plain(%x: tensor<16xf32>) -> tensor<16xf32> {
    %0 = math.absf %x : tensor<16xf32>
    return %0 : tensor<16xf32>
  }
}
"""

X = np.linspace(-1, 1, SIZE).astype(np.float32)


@pytest.fixture(scope="module")
def pipeline() -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(STORAGE_MLIR)], device="local-sync")


@pytest.fixture(scope="module")
def async_pipeline() -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(STORAGE_MLIR, asynchronous=True)], device="local-task")


def aligned_array(offset_bytes: int = 0) -> np.ndarray:
    """Array of `SIZE` floats that starts so many bytes after a 64-byte boundary."""
    memory = np.zeros(SIZE * 4 + 128, np.uint8)
    start = -memory.ctypes.data % 64 + offset_bytes
    return memory[start : start + SIZE * 4].view(np.float32)


@pytest.mark.parametrize("offset_bytes", [0, 4], ids=["aligned", "unaligned"])
@pytest.mark.parametrize("spelling", ["out", "position", "name"])
def test_result_is_the_array_given(pipeline: gossamer.Pipeline, spelling: str, offset_bytes: int) -> None:
    out = aligned_array(offset_bytes)
    if spelling == "out":
        result = pipeline.absolute(X, out=out)
    elif spelling == "position":
        result = pipeline.absolute(X, out)
    else:
        result = pipeline.absolute(X, **{pipeline.main["absolute"].inputs[1].name: out})
    assert result is out
    np.testing.assert_array_equal(out, abs(X))


def test_aligned_arrays_are_written_in_place(pipeline: gossamer.Pipeline) -> None:
    out = aligned_array()
    function = pipeline.main["absolute"].function
    allocator = pipeline.devices[0].allocator
    view = BufferView.from_numpy(X, allocator, copy=True)
    storage = BufferView.from_numpy(out, allocator, copy=False)
    returned = function(view, storage)
    assert isinstance(returned, BufferView)
    assert returned.buffer.address == out.ctypes.data


def test_strided_arrays_are_copied_to(pipeline: gossamer.Pipeline) -> None:
    out = np.zeros((SIZE, 3), np.float32)[:, 1]
    assert pipeline.absolute(X, out=out) is out
    np.testing.assert_array_equal(out, abs(X))


def test_buffer_views_are_written_in_place(pipeline: gossamer.Pipeline) -> None:
    buffer = pipeline.devices[0].allocator.allocate_buffer(SIZE * 4)
    storage = BufferView(buffer, [SIZE], element_types.FLOAT_32)
    result = pipeline.absolute(X, out=storage)
    assert np.shares_memory(result, storage.to_numpy())
    np.testing.assert_array_equal(storage.to_numpy(), abs(X))


def test_storage_left_out_is_allocated(pipeline: gossamer.Pipeline) -> None:
    first, second = pipeline.absolute(X), pipeline.absolute(2 * X)
    np.testing.assert_array_equal(first, abs(X))
    np.testing.assert_array_equal(second, abs(2 * X))


def test_storage_of_unknown_size_must_be_given(pipeline: gossamer.Pipeline) -> None:
    with pytest.raises(InvalidArgumentError, match=r"tensor<\?xf32>.*its size is not known"):
        pipeline.counted(X)
    out = aligned_array()
    count, result = pipeline.counted(X, out=out)
    assert count == 3
    assert result is out
    np.testing.assert_array_equal(out, abs(X))


def test_several_results_take_storage_in_the_order_of_results(pipeline: gossamer.Pipeline) -> None:
    first, second = aligned_array(), aligned_array(8)
    results = pipeline.both(X, out=(first, second))
    assert results[0] is first
    assert results[1] is second
    np.testing.assert_array_equal(first, abs(X))
    np.testing.assert_array_equal(second, -abs(X))


def test_some_results_take_storage(pipeline: gossamer.Pipeline) -> None:
    second = aligned_array()
    results = pipeline.both(X, out=(None, second))
    assert results[1] is second
    np.testing.assert_array_equal(results[0], abs(X))


def test_wrong_storage_is_refused(pipeline: gossamer.Pipeline) -> None:
    read_only = aligned_array()
    read_only.flags.writeable = False
    for out, message in [
        (read_only, "read-only"),
        (np.zeros(SIZE, np.float64), "dtype float64, expected float32"),
        (np.zeros(SIZE - 1, np.float32), "shape 15, expected 16"),
        ("memory", "expected an array or a buffer view"),
        ((aligned_array(), aligned_array()), "storage for 1 results, out= has 2"),
    ]:
        with pytest.raises(InvalidArgumentError, match=message):
            pipeline.absolute(X, out=out)
    with pytest.raises(InvalidArgumentError, match="storage for 0 results"):
        pipeline.plain(X, out=aligned_array())


def test_missing_and_unknown_arguments_are_named(pipeline: gossamer.Pipeline) -> None:
    name = pipeline.main["absolute"].inputs[0].name
    with pytest.raises(InvalidArgumentError, match=f"takes 1 arguments, got 0: {name} missing"):
        pipeline.absolute()
    with pytest.raises(InvalidArgumentError, match="has no argument 'y'"):
        pipeline.absolute(y=X)
    with pytest.raises(InvalidArgumentError, match=f"got argument '{name}' twice"):
        pipeline.absolute(X, **{name: X})
    with pytest.raises(InvalidArgumentError, match="takes 2 arguments, got 3"):
        pipeline.absolute(X, aligned_array(), X)


@pytest.mark.parametrize("offset_bytes", [0, 4], ids=["aligned", "unaligned"])
def test_asynchronous_calls_return_the_array_given(
    async_pipeline: gossamer.Pipeline, offset_bytes: int
) -> None:
    out = aligned_array(offset_bytes)

    async def run() -> np.ndarray:
        return await async_pipeline.absolute(X, out=out)

    assert asyncio.run(run()) is out
    np.testing.assert_array_equal(out, abs(X))


def test_storage_with_fences_must_be_usable_as_it_is(async_pipeline: gossamer.Pipeline) -> None:
    signal, out = Fence.create(), aligned_array()
    async_pipeline.absolute(X, out=out, signal=signal)
    signal.wait(10)
    np.testing.assert_array_equal(out, abs(X))
    with pytest.raises(InvalidArgumentError, match="64-byte aligned"):
        async_pipeline.absolute(X, out=aligned_array(4), signal=Fence.create())
