"""Native kernels that the reference compiles: what traps or never ends in them is an error of the call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.drivers.local.ir.guard_ir import has_guard
from gossamer.errors import InternalStatusError, InvalidArgumentError
from gossamer.limits.errors import CallTimeoutError
from gossamer.processor.host import host_triple
from mlir_samples import LLVM_CPU_FLAGS

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(not has_guard(host_triple()), reason="kernels are left on x86-64 Linux only"),
]

TRAPS_MLIR = """
builtin.module @traps {
  func.func @divide(%a: tensor<7xi64>, %b: tensor<7xi64>) -> tensor<7xi64> {
    %0 = arith.divsi %a, %b : tensor<7xi64>
    return %0 : tensor<7xi64>
  }
  func.func @element(%a: tensor<4xf32>, %i: tensor<4xi64>) -> tensor<4xf32> {
    %e = tensor.empty() : tensor<4xf32>
    %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                         iterator_types = ["parallel"]}
        ins(%i : tensor<4xi64>) outs(%e : tensor<4xf32>) {
    ^bb0(%x: i64, %o: f32):
      %k = arith.index_cast %x : i64 to index
      %q = tensor.extract %a[%k] : tensor<4xf32>
      linalg.yield %q : f32
    } -> tensor<4xf32>
    return %r : tensor<4xf32>
  }
  func.func @endless(%x: tensor<64xi32>) -> tensor<64xi32> {
    %e = tensor.empty() : tensor<64xi32>
    %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                         iterator_types = ["parallel"]}
        ins(%x : tensor<64xi32>) outs(%e : tensor<64xi32>) {
    ^bb0(%v: i32, %o: i32):
      %zero = arith.constant 0 : i32
      %w = scf.while (%a = %v) : (i32) -> i32 {
        %c = arith.cmpi ne, %a, %zero : i32
        scf.condition(%c) %a : i32
      } do {
      ^bb0(%a: i32):
        %b = arith.muli %a, %v : i32
        scf.yield %b : i32
      }
      linalg.yield %w : i32
    } -> tensor<64xi32>
    return %r : tensor<64xi32>
  }
}
"""


@pytest.fixture(params=["local-sync", "local-task"])
def pipeline(request: pytest.FixtureRequest, compile_mlir: Callable[..., Path]) -> gossamer.Pipeline:
    return gossamer.Pipeline([compile_mlir(TRAPS_MLIR, *LLVM_CPU_FLAGS, name="traps")], device=request.param)


def test_dividing_by_zero_is_an_error_of_the_call(pipeline: gossamer.Pipeline) -> None:
    eights, twos = np.full(7, 8, np.int64), np.full(7, 2, np.int64)
    divisors = twos.copy()
    divisors[5] = 0
    for _ in range(3):
        with pytest.raises(InvalidArgumentError, match=r"divide.*divided an integer by zero"):
            pipeline.divide(eights, divisors)
        assert pipeline.divide(eights, twos).tolist() == [4] * 7
    with pytest.raises(InvalidArgumentError, match="SIGFPE"):
        pipeline.divide(np.full(7, -(2**63), np.int64), np.full(7, -1, np.int64))


def test_reading_what_is_not_there_is_an_error_of_the_call(pipeline: gossamer.Pipeline) -> None:
    with pytest.raises(InternalStatusError, match=r"element.*of executable 'traps.*SIGSEGV"):
        pipeline.element(np.ones(4, np.float32), np.full(4, 1 << 45, np.int64))
    assert pipeline.element(np.ones(4, np.float32), np.zeros(4, np.int64)).tolist() == [1] * 4


def test_a_native_kernel_that_never_ends_is_left(pipeline: gossamer.Pipeline) -> None:
    with gossamer.call_limits(timeout=0.05), pytest.raises(CallTimeoutError):
        pipeline.endless(np.ones(64, np.int32))
    assert pipeline.endless(np.zeros(64, np.int32)).tolist() == [0] * 64
