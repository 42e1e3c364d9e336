"""Memory that a caller lends a function for what it needs while it runs (`iree.abi.transients`)."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.errors import CompileError, StatusCode, StatusError
from gossamer.hal.memory.heap_allocator import HeapAllocator

PROGRAM = """
func.func @product(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>, %c: tensor<4x8xf32>, %n: index,
    %memory: !hal.buffer {iree.abi.transients}) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a) -> tensor<4x8xf32> {
    %e0 = tensor.empty() : tensor<4x4xf32>
    %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<4x4xf32>) -> tensor<4x4xf32>
    %xb = linalg.matmul ins(%x, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%f0 : tensor<4x4xf32>)
        -> tensor<4x4xf32>
    %e1 = tensor.empty() : tensor<4x8xf32>
    %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x8xf32>) -> tensor<4x8xf32>
    %y = linalg.matmul ins(%xb, %c : tensor<4x4xf32>, tensor<4x8xf32>) outs(%f1 : tensor<4x8xf32>)
        -> tensor<4x8xf32>
    scf.yield %y : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}
"""
SIZE_ATTR = "iree.abi.transients.size.constant"


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_submissions_share_the_memory_one_after_the_other(asynchronous: bool, device: str) -> None:
    pipeline = gossamer.Pipeline([gossamer.compile_text(PROGRAM, asynchronous=asynchronous)], device=device)
    rng = np.random.default_rng(1)
    a, b, c = (rng.standard_normal(shape, np.float32) for shape in ((4, 8), (8, 4), (4, 8)))
    size = int(pipeline.modules["module"].module.exports["product"].attrs[SIZE_ATTR])

    result = pipeline.product(a, b, c, 3, HeapAllocator().allocate_buffer(size))

    expected = a
    for _ in range(3):
        expected = (expected @ b) @ c
    assert size == 64
    np.testing.assert_allclose(result.result() if asynchronous else result, expected, rtol=1e-4, atol=1e-4)


def test_memory_that_is_too_small_is_an_error_of_the_call() -> None:
    pipeline = gossamer.Pipeline([gossamer.compile_text(PROGRAM)], device="local-sync")
    a, b = np.ones((4, 8), np.float32), np.ones((8, 4), np.float32)

    with pytest.raises(StatusError) as raised:
        pipeline.product(a, b, a, 1, HeapAllocator().allocate_buffer(16))

    assert raised.value.code is StatusCode.OUT_OF_RANGE


def test_only_buffers_are_lent() -> None:
    text = "func.func @f(%a: tensor<4xf32> {iree.abi.transients}) { return }"

    with pytest.raises(
        CompileError, match=r"argument 0 of type tensor<4xf32> cannot be memory for transients"
    ):
        gossamer.compile_text(text)
