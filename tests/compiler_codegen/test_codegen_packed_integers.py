"""Integers of two and four bits lie packed in memory, in kernels of both targets."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions
from gossamer.errors import CompileError

_PROGRAM = """
func.func @transposed(%0: tensor<7x9xi8>) -> tensor<9x7xi8> {
  %1 = arith.trunci %0 : tensor<7x9xi8> to tensor<7x9xi4>
  %2 = util.optimization_barrier %1 : tensor<7x9xi4>
  %3 = stablehlo.transpose %2, dims = [1, 0] : (tensor<7x9xi4>) -> tensor<9x7xi4>
  %4 = util.optimization_barrier %3 : tensor<9x7xi4>
  %5 = arith.extsi %4 : tensor<9x7xi4> to tensor<9x7xi8>
  return %5 : tensor<9x7xi8>
}
func.func @sliced(%0: tensor<9xi8>) -> tensor<4xi8> {
  %1 = arith.trunci %0 : tensor<9xi8> to tensor<9xi2>
  %2 = util.optimization_barrier %1 : tensor<9xi2>
  %3 = tensor.extract_slice %2[3][4][1] : tensor<9xi2> to tensor<4xi2>
  %4 = util.optimization_barrier %3 : tensor<4xi2>
  %5 = arith.extui %4 : tensor<4xi2> to tensor<4xi8>
  return %5 : tensor<4xi8>
}
func.func @scaled(%0: tensor<5xf32>) -> tensor<5xf32> {
  %1 = util.unfoldable_constant dense<[1, -8, 7, -1, 3]> : tensor<5xi4>
  %2 = arith.sitofp %1 : tensor<5xi4> to tensor<5xf32>
  %3 = arith.mulf %2, %0 : tensor<5xf32>
  return %3 : tensor<5xf32>
}
"""


@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
def test_packed_integers(target: str) -> None:
    options = CompileOptions(target_device="local", target_backends=(target,))
    module = gossamer.compile_text(_PROGRAM, options=options)
    numbers = np.arange(-30, 33, dtype=np.int8).reshape(7, 9)
    with gossamer.Pipeline([module], device="local-task") as pipeline:
        transposed = np.asarray(pipeline.transposed(numbers))
        sliced = np.asarray(pipeline.sliced(np.arange(9, dtype=np.int8)))
        scaled = np.asarray(pipeline.scaled(np.array([1, 2, 3, 4, 5], np.float32)))

    np.testing.assert_array_equal(transposed, ((numbers + 8) % 16 - 8).T)
    assert sliced.tolist() == [3, 0, 1, 2]
    assert scaled.tolist() == [1, -16, 21, -4, 15]


def test_the_host_reads_no_part_of_a_byte() -> None:
    text = (
        "func.func @f(%0: tensor<4xi4>, %1: index) -> i4 {\n"
        "  %2 = tensor.extract %0[%1] : tensor<4xi4>\n  return %2 : i4\n}"
    )
    with pytest.raises(CompileError, match="i4"):
        gossamer.compile_text(text)
