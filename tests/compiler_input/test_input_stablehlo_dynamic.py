"""StableHLO operations whose result's shape is computed, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer


def _run(text: str, *arguments: np.ndarray) -> np.ndarray:
    with gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync") as pipeline:
        return np.asarray(pipeline.f(*arguments))


def _numbers(*shape: int, dtype: type = np.float32) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def _i32(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


@pytest.mark.parametrize("shape", [(1, 3), (2, 1), (2, 3), (1, 1)])
@pytest.mark.parametrize("element", ["f32", "ui8"])
def test_a_broadcast_expands_what_is_one_at_run_time(shape: tuple[int, int], element: str) -> None:
    text = f"""
    func.func @f(%x: tensor<?x?x{element}>, %shape: tensor<3xi32>) -> tensor<?x?x?x{element}> {{
      %0 = stablehlo.dynamic_broadcast_in_dim %x, %shape, dims = [0, 2]
        : (tensor<?x?x{element}>, tensor<3xi32>) -> tensor<?x?x?x{element}>
      return %0 : tensor<?x?x?x{element}>
    }}"""
    x = _numbers(*shape, dtype=np.float32 if element == "f32" else np.uint8)

    np.testing.assert_array_equal(_run(text, x, _i32(2, 4, 3)), np.broadcast_to(x[:, None], (2, 4, 3)))


def test_a_broadcast_to_the_shape_of_what_was_reduced() -> None:
    text = """
    func.func @f(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %rows = stablehlo.get_dimension_size %x, dim = 0 : (tensor<?x?xf32>) -> tensor<i32>
      %columns = stablehlo.get_dimension_size %x, dim = 1 : (tensor<?x?xf32>) -> tensor<i32>
      %0 = stablehlo.reshape %rows : (tensor<i32>) -> tensor<1xi32>
      %1 = stablehlo.reshape %columns : (tensor<i32>) -> tensor<1xi32>
      %shape = stablehlo.concatenate %0, %1, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
      %sum = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1]
        : (tensor<?x?xf32>, tensor<f32>) -> tensor<?xf32>
      %2 = stablehlo.dynamic_broadcast_in_dim %sum, %shape, dims = [0]
        : (tensor<?xf32>, tensor<2xi32>) -> tensor<?x?xf32>
      %3 = stablehlo.subtract %x, %2 : tensor<?x?xf32>
      return %3 : tensor<?x?xf32>
    }"""
    for shape in ((2, 3), (1, 5), (4, 1), (0, 3)):
        x = _numbers(*shape)
        np.testing.assert_array_equal(_run(text, x), x - x.sum(1, keepdims=True))


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_a_shape_is_computed_from_sizes(rows: int) -> None:
    text = """
    func.func @f(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
      %two = stablehlo.constant dense<2> : tensor<i32>
      %last = stablehlo.constant dense<2> : tensor<1xi32>
      %rows = stablehlo.get_dimension_size %x, dim = 0 : (tensor<?x4xf32>) -> tensor<i32>
      %0 = stablehlo.multiply %rows, %two : tensor<i32>
      %1 = stablehlo.reshape %0 : (tensor<i32>) -> tensor<1xi32>
      %shape = stablehlo.concatenate %1, %last, dim = 0 : (tensor<1xi32>, tensor<1xi32>) -> tensor<2xi32>
      %2 = stablehlo.dynamic_reshape %x, %shape : (tensor<?x4xf32>, tensor<2xi32>) -> tensor<?x2xf32>
      return %2 : tensor<?x2xf32>
    }"""
    x = _numbers(rows, 4)

    np.testing.assert_array_equal(_run(text, x), x.reshape(rows * 2, 2))


def test_a_shape_is_an_argument() -> None:
    text = """
    func.func @f(%x: tensor<?xf32>, %shape: tensor<2xi64>) -> tensor<?x?xf32> {
      %0 = stablehlo.dynamic_reshape %x, %shape : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
      return %0 : tensor<?x?xf32>
    }"""

    np.testing.assert_array_equal(_run(text, _numbers(6), np.array([3, 2])), _numbers(3, 2))


@pytest.mark.parametrize("element", ["i32", "f32", "ui8"])
def test_counters(element: str) -> None:
    text = f"""
    func.func @f(%shape: tensor<2xi32>) -> tensor<?x?x{element}> {{
      %0 = stablehlo.dynamic_iota %shape, dim = 1 : (tensor<2xi32>) -> tensor<?x?x{element}>
      return %0 : tensor<?x?x{element}>
    }}"""

    np.testing.assert_array_equal(_run(text, _i32(2, 5)), np.broadcast_to(np.arange(5), (2, 5)))


@pytest.mark.parametrize(
    ("low", "high", "interior"),
    [
        ((1, 2), (0, 3), (0, 0)),
        ((-1, 0), (0, -2), (0, 0)),
        ((1, -1), (2, 0), (2, 1)),
        ((-1, -1), (-1, 2), (1, 3)),
    ],
)
def test_padding(low: tuple[int, int], high: tuple[int, int], interior: tuple[int, int]) -> None:
    text = """
    func.func @f(%x: tensor<?x?xf32>, %low: tensor<2xi32>, %high: tensor<2xi32>, %interior: tensor<2xi32>)
        -> tensor<?x?xf32> {
      %filler = stablehlo.constant dense<-1.0> : tensor<f32>
      %0 = stablehlo.dynamic_pad %x, %filler, %low, %high, %interior
        : (tensor<?x?xf32>, tensor<f32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x?xf32>
      return %0 : tensor<?x?xf32>
    }"""
    x = _numbers(3, 4)
    spread = np.full(
        [(size - 1) * (between + 1) + 1 for size, between in zip(x.shape, interior, strict=True)], -1.0
    )
    spread[:: interior[0] + 1, :: interior[1] + 1] = x
    expected = np.pad(
        spread, [(max(a, 0), max(b, 0)) for a, b in zip(low, high, strict=True)], constant_values=-1
    )
    for axis, (start, stop) in enumerate(zip(low, high, strict=True)):
        kept = slice(max(-start, 0), expected.shape[axis] - max(-stop, 0))
        expected = expected[(slice(None),) * axis + (kept,)]

    np.testing.assert_array_equal(_run(text, x, _i32(*low), _i32(*high), _i32(*interior)), expected)


def test_a_slice_between_computed_bounds() -> None:
    text = """
    func.func @f(%x: tensor<?x?xf32>, %start: tensor<2xi32>, %limit: tensor<2xi32>, %stride: tensor<2xi32>)
        -> tensor<?x?xf32> {
      %0 = stablehlo.real_dynamic_slice %x, %start, %limit, %stride
        : (tensor<?x?xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<?x?xf32>
      return %0 : tensor<?x?xf32>
    }"""
    x = _numbers(7, 8)

    np.testing.assert_array_equal(_run(text, x, _i32(1, 2), _i32(6, 8), _i32(2, 3)), x[1:6:2, 2:8:3])
    np.testing.assert_array_equal(_run(text, x, _i32(3, 0), _i32(3, 8), _i32(1, 1)), x[3:3])


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_dimensions_of_unknown_size_are_reversed(rows: int) -> None:
    text = """
    func.func @f(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
      %0 = stablehlo.reverse %x, dims = [0, 1] : tensor<?x3xf32>
      return %0 : tensor<?x3xf32>
    }"""
    x = _numbers(rows, 3)

    np.testing.assert_array_equal(_run(text, x), x[::-1, ::-1])


@pytest.mark.parametrize("element", ["i32", "ui32"])
def test_slices_are_gathered_inside_of_the_operand(element: str) -> None:
    text = f"""
    func.func @f(%x: tensor<?x?xf32>, %where: tensor<?x1x{element}>, %sizes: tensor<2xi32>)
        -> tensor<?x?x?xf32> {{
      %0 = "stablehlo.dynamic_gather"(%x, %where, %sizes) <{{
        dimension_numbers = #stablehlo.gather<
          offset_dims = [1, 2], start_index_map = [0], index_vector_dim = 1>
      }}> : (tensor<?x?xf32>, tensor<?x1x{element}>, tensor<2xi32>) -> tensor<?x?x?xf32>
      return %0 : tensor<?x?x?xf32>
    }}"""
    x = _numbers(5, 3)
    starts = [4, 0, 2, 9] if element == "ui32" else [4, -3, 2, 9]
    expected = np.stack([x[start : start + 2] for start in np.clip(starts, 0, 3)])

    found = _run(text, x, np.array(starts)[:, None].astype("u4" if element == "ui32" else "i4"), _i32(2, 3))

    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("start", [-2, 0, 3, 9])
def test_slices_are_updated_inside_of_the_operand(start: int) -> None:
    text = """
    func.func @f(%x: tensor<?x3xf32>, %new: tensor<2x?xf32>, %at: tensor<i32>) -> tensor<?x3xf32> {
      %zero = stablehlo.constant dense<0> : tensor<i32>
      %0 = stablehlo.dynamic_update_slice %x, %new, %at, %zero
        : (tensor<?x3xf32>, tensor<2x?xf32>, tensor<i32>, tensor<i32>) -> tensor<?x3xf32>
      return %0 : tensor<?x3xf32>
    }"""
    x, new = _numbers(5, 3), -_numbers(2, 3)
    expected = x.copy()
    at = min(max(start, 0), 3)
    expected[at : at + 2] = new

    np.testing.assert_array_equal(_run(text, x, new, np.array(start, np.int32)), expected)


def test_positions_of_a_scatter_may_be_unsigned() -> None:
    text = """
    func.func @f(%x: tensor<5xf32>, %where: tensor<3x1xui32>, %new: tensor<3xf32>) -> tensor<5xf32> {
      %0 = "stablehlo.scatter"(%x, %where, %new) <{
        scatter_dimension_numbers = #stablehlo.scatter<
          inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>
      }> ({
      ^bb0(%old: tensor<f32>, %update: tensor<f32>):
        %1 = stablehlo.add %old, %update : tensor<f32>
        stablehlo.return %1 : tensor<f32>
      }) : (tensor<5xf32>, tensor<3x1xui32>, tensor<3xf32>) -> tensor<5xf32>
      return %0 : tensor<5xf32>
    }"""
    expected = _numbers(5)
    np.add.at(expected, [4, 1, 1], [1, 2, 3])

    found = _run(text, _numbers(5), np.array([[4], [1], [1]], np.uint32), np.array([1, 2, 3], np.float32))

    np.testing.assert_array_equal(found, expected)
