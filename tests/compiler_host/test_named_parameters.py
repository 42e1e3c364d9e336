"""Parameters whose names a program makes while it runs (`flow.parameter.load`)."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.errors import NotFoundError

PROGRAM = """
func.func @total(%scope: !util.buffer, %count: index, %width: index) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = arith.constant 8 : i64
  %zero = arith.constant 0 : i64
  %init = tensor.splat %zero[%width] : tensor<?xi64>
  %result = scf.for %i = %c0 to %count step %c1 iter_args(%sum = %init) -> tensor<?xi64> {
    %key = util.string.format "layer{}.weight"(%i) : (index) -> !util.buffer
    %weight = flow.parameter.load %scope::%key[%first] : tensor<?xi64>{%width}
    %next = arith.addi %sum, %weight : tensor<?xi64>
    scf.yield %next : tensor<?xi64>
  }
  return %result : tensor<?xi64>
}
func.func @one(%key: !util.buffer) -> tensor<2xi64> {
  %zero = arith.constant 0 : i64
  %0 = flow.parameter.load %key[%zero] : tensor<2xi64>
  return %0 : tensor<2xi64>
}
"""


def _layers(count: int) -> dict[str, np.ndarray]:
    return {f"layer{number}.weight": np.arange(4) * 10**number for number in range(count)}


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_keys_are_made_in_a_loop(asynchronous: bool, device: str) -> None:
    program = gossamer.compile_text(PROGRAM, asynchronous=asynchronous)
    pipeline = gossamer.Pipeline([program], device=device, parameters={"model": _layers(3), "": _layers(1)})

    total, one = pipeline.total("model", 3, 3), pipeline.one("layer0.weight")

    np.testing.assert_array_equal(total.result() if asynchronous else total, [111, 222, 333])
    np.testing.assert_array_equal(one.result() if asynchronous else one, [0, 1])


def test_a_parameter_that_is_missing_is_named() -> None:
    pipeline = gossamer.Pipeline([gossamer.compile_text(PROGRAM)], parameters={"": _layers(1)})

    with pytest.raises(NotFoundError, match=r"layer9\.weight"):
        pipeline.one("layer9.weight")
