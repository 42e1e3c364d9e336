"""TOSA on unsigned operands, of which it knows rescaling."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer


@pytest.mark.parametrize("is_unsigned", [False, True])
def test_rescaled_bytes(is_unsigned: bool) -> None:
    text = f"""
    func.func @rescale(%a: tensor<256xi8>) -> tensor<256xi32> {{
      %multiplier = "tosa.const"() {{values = dense<1073741824> : tensor<1xi32>}} : () -> tensor<1xi32>
      %shift = "tosa.const"() {{values = dense<29> : tensor<1xi8>}} : () -> tensor<1xi8>
      %zero_in = "tosa.const"() {{values = dense<-128> : tensor<1xi8>}} : () -> tensor<1xi8>
      %zero_out = "tosa.const"() {{values = dense<0> : tensor<1xi32>}} : () -> tensor<1xi32>
      %0 = tosa.rescale %a, %multiplier, %shift, %zero_in, %zero_out {{
        input_unsigned = {str(is_unsigned).lower()},
        output_unsigned = false, per_channel = false, rounding_mode = SINGLE_ROUND, scale32 = true}}
        : (tensor<256xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<256xi32>
      return %0 : tensor<256xi32>
    }}"""
    numbers = np.arange(-128, 128, dtype=np.int8)
    given, zero = (numbers.view(np.uint8), 128) if is_unsigned else (numbers, -128)
    expected = 2 * (given.astype(np.int32) - zero)

    with gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync") as pipeline:
        found = pipeline.main.rescale(numbers)

    np.testing.assert_array_equal(found, expected)
