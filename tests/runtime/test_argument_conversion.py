"""What a pipeline's functions refuse to take: values that would be changed silently."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import gossamer
from gossamer.errors import InvalidArgumentError

_MLIR = """
builtin.module @taking {
  func.func @scalars(%a: i32, %b: i64, %c: f32) -> (i32, i64, f32) {
    return %a, %b, %c : i32, i64, f32
  }
  func.func @whole(%x: tensor<2xi32>) -> tensor<2xi32> {
    return %x : tensor<2xi32>
  }
  func.func @half(%x: tensor<2xbf16>) -> tensor<2xbf16> {
    return %x : tensor<2xbf16>
  }
}
"""


@pytest.fixture(scope="module")
def pipeline() -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(_MLIR)], device="local-sync")


@pytest.mark.parametrize(
    "number", [1.5, 1 << 32, -(1 << 31) - 1, "1", b"1", float("nan"), float("inf"), None]
)
def test_integers_are_whole_and_fit(pipeline: gossamer.Pipeline, number: object) -> None:
    with pytest.raises(InvalidArgumentError, match=r"argument a of taking\.scalars is .*, expected i32"):
        pipeline.scalars(number, 0, 0)


def test_64_bits_are_the_most_of_an_i64(pipeline: gossamer.Pipeline) -> None:
    assert pipeline.scalars(0, (1 << 64) - 1, 0) == (0, -1, 0.0)
    with pytest.raises(InvalidArgumentError, match=r"expected i64"):
        pipeline.scalars(0, 1 << 64, 0)


def test_text_is_no_number(pipeline: gossamer.Pipeline) -> None:
    with pytest.raises(InvalidArgumentError, match=r"argument c of taking\.scalars is '1.5', expected f32"):
        pipeline.scalars(0, 0, "1.5")


@pytest.mark.parametrize(
    "numbers", [3.0, np.int64(3), np.float32(3), np.array(3), np.array(3.0), 3 + (1 << 32) - (1 << 32)]
)
def test_whole_numbers_of_any_type_are_integers(pipeline: gossamer.Pipeline, numbers: object) -> None:
    assert pipeline.scalars(numbers, numbers, numbers) == (3, 3, 3.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x", "is 'x', expected tensor<2xi32>"),
        (None, "is None, expected tensor<2xi32>"),
        ([1.5, 2], "has float64 numbers, expected int32"),
        ([1, 1 << 40], "is no array of int32"),
        ([1, [2]], "is no array of int32"),
        (["x", "y"], "is no array of int32"),
    ],
)
def test_values_that_are_no_tensor(pipeline: gossamer.Pipeline, value: object, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=rf"argument x of taking\.whole {message}"):
        pipeline.whole(value)


def test_the_hint_names_the_library_that_has_the_type(pipeline: gossamer.Pipeline) -> None:
    with pytest.raises(InvalidArgumentError, match=r"\.astype\(ml_dtypes\.bfloat16\)"):
        pipeline.half(np.ones(2, np.float32))
    with pytest.raises(InvalidArgumentError, match=r"\.astype\(np\.int32\)"):
        pipeline.whole(np.ones(2, ml_dtypes.bfloat16))
