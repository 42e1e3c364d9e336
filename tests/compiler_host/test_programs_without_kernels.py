"""Programs without kernels: tensors are only kept and handed on, on whatever device there is."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions, ExecutionModel

KEEPER = """
module @keeper {
  util.global private mutable @state = dense<1> : tensor<4xi32>
  func.func private @host.total(tensor<4xi32>) -> i32
  func.func @constant() -> i32 {
    %0 = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
    %1 = call @host.total(%0) : (tensor<4xi32>) -> i32
    return %1 : i32
  }
  func.func @kept() -> tensor<4xi32> {
    %0 = util.global.load @state : tensor<4xi32>
    return %0 : tensor<4xi32>
  }
  func.func @keep(%value: tensor<4xi32>) {
    util.global.store %value, @state : tensor<4xi32>
    return
  }
}
"""


@gossamer.module("host")
class Host:
    @gossamer.export
    def total(self, value: Annotated[np.ndarray, "4xi32"]) -> Annotated[int, "i32"]:
        return int(value.sum())


@pytest.mark.parametrize(
    "options",
    [
        CompileOptions(),
        CompileOptions(execution_model=ExecutionModel.HOST_ONLY),
        CompileOptions(target_device="local", target_backends=("vmvx",)),
    ],
    ids=["no device", "host only", "local"],
)
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_constants_and_globals_need_no_kernels(options: CompileOptions, device: str) -> None:
    pipeline = gossamer.Pipeline([Host, gossamer.compile_text(KEEPER, options=options)], device=device)

    assert pipeline.constant() == 10
    np.testing.assert_array_equal(pipeline.kept(), np.ones(4))
    pipeline.keep(np.arange(4, dtype=np.int32))
    np.testing.assert_array_equal(pipeline.kept(), np.arange(4))
