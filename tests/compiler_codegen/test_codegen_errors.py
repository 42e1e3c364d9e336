from __future__ import annotations

import pytest
from flow_evaluator import FlowEvaluator

from gossamer.errors import CompileError


def test_element_type_without_memory() -> None:
    with pytest.raises(CompileError) as caught:
        FlowEvaluator("""func.func @f(%a: tensor<4xi3>) -> tensor<4xi3> {
          %0 = arith.addi %a, %a : tensor<4xi3>
          return %0 : tensor<4xi3>
        }""")

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message == "kernels cannot read or write tensors of i3"
    assert (diagnostic.location.line, diagnostic.location.column) == (2, 16)


def test_result_that_is_no_permutation_of_the_loops() -> None:
    with pytest.raises(CompileError, match="no permutation of its parallel loops"):
        FlowEvaluator("""
        #in = affine_map<(i, j) -> (i, j)>
        #out = affine_map<(i, j) -> (i + j)>
        func.func @f(%a: tensor<2x3xi32>, %o: tensor<4xi32>) -> tensor<4xi32> {
          %0 = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "parallel"]}
              ins(%a : tensor<2x3xi32>) outs(%o : tensor<4xi32>) {
          ^bb0(%x: i32, %y: i32):
            linalg.yield %x : i32
          } -> tensor<4xi32>
          return %0 : tensor<4xi32>
        }""")
