"""What a program asserts within a kernel ends the call with an error, and never the process."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions
from gossamer.errors import StatusError

TEXT = """
func.func @gather(%table: tensor<8xf32>, %indices: tensor<4xi64>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %r = linalg.generic {
      indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%indices : tensor<4xi64>) outs(%e : tensor<4xf32>) {
  ^bb0(%index: i64, %o: f32):
    %c8 = arith.constant 8 : i64
    %holds = arith.cmpi ult, %index, %c8 : i64
    cf.assert %holds, "index out of bounds"
    %i = arith.index_cast %index : i64 to index
    %v = tensor.extract %table[%i] : tensor<8xf32>
    linalg.yield %v : f32
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}"""


@pytest.mark.parametrize("target", ["vmvx", "llvm-cpu"])
def test_an_assertion_of_a_kernel_ends_the_call(target: str) -> None:
    options = CompileOptions(target_device="local", target_backends=(target,))
    table = np.arange(8, dtype=np.float32)
    with gossamer.Pipeline([gossamer.compile_text(TEXT, options=options)], device="local-sync") as pipeline:
        for wrong in (8, -1, 1 << 40):
            with pytest.raises(StatusError, match="gather_dispatch_0"):
                pipeline.gather(table, np.array([1, 2, wrong, 0]))
            np.testing.assert_array_equal(pipeline.gather(table, np.array([1, 2, 7, 0])), [1, 2, 7, 0])
