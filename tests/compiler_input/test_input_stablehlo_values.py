"""StableHLO where the library's lowering alone loses something: signs, truth values, captured values."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer

A = np.array([[200, 200, 200], [1, 2, 3]], np.uint8)
B = np.array([[255, 1], [255, 1], [255, 1]], np.uint8)


def _pipeline(text: str) -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync")


@pytest.mark.parametrize("element", ["ui8", "ui16"])
@pytest.mark.parametrize("result", ["ui32", "i32", "ui64"])
def test_products_of_unsigned_integers(element: str, result: str) -> None:
    text = f"""
    func.func @dot(%a: tensor<2x3x{element}>, %b: tensor<3x2x{element}>) -> tensor<2x2xi64> {{
      %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0]
        : (tensor<2x3x{element}>, tensor<3x2x{element}>) -> tensor<2x2x{result}>
      %1 = stablehlo.convert %0 : (tensor<2x2x{result}>) -> tensor<2x2xi64>
      return %1 : tensor<2x2xi64>
    }}"""
    dtype = np.dtype(f"uint{element[2:]}")
    top = int(np.iinfo(dtype).max)
    a, b = (A.astype(dtype) + dtype.type(top - 255)), B.astype(dtype)
    view = f"int{element[2:]}"
    expected = (a.astype(np.int64) @ b.astype(np.int64)).astype(
        np.int32 if result == "i32" else np.uint32 if result == "ui32" else np.int64
    )

    found = _pipeline(text).dot(a.view(view), b.view(view))

    np.testing.assert_array_equal(found, expected.astype(np.int64))


def test_a_product_of_mixed_signs() -> None:
    text = """
    func.func @dot(%a: tensor<3xui8>, %b: tensor<3xi8>) -> tensor<i32> {
      %0 = stablehlo.dot_general %a, %b, contracting_dims = [0] x [0]
        : (tensor<3xui8>, tensor<3xi8>) -> tensor<i32>
      return %0 : tensor<i32>
    }"""
    a, b = np.array([200, 255, 1], np.uint8), np.array([-1, -128, 127], np.int8)

    assert int(_pipeline(text).dot(a.view(np.int8), b)) == -200 - 255 * 128 + 127


def test_a_convolution_of_unsigned_integers() -> None:
    text = """
    func.func @conv(%x: tensor<1x3x1xui8>, %w: tensor<2x1x1xui8>) -> tensor<1x2x1xi32> {
      %0 = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f],
        window = {stride = [1]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64}
        : (tensor<1x3x1xui8>, tensor<2x1x1xui8>) -> tensor<1x2x1xi32>
      return %0 : tensor<1x2x1xi32>
    }"""
    x, w = np.array([200, 1, 2], np.uint8), np.array([255, 1], np.uint8)

    found = _pipeline(text).conv(x.reshape(1, 3, 1).view(np.int8), w.reshape(2, 1, 1).view(np.int8))

    np.testing.assert_array_equal(found.ravel(), [200 * 255 + 1, 255 + 2])


def test_a_sum_of_truth_values_is_their_disjunction() -> None:
    text = """
    func.func @add(%a: tensor<4xi1>, %b: tensor<4xi1>) -> tensor<4xi1> {
      %0 = stablehlo.add %a, %b : tensor<4xi1>
      return %0 : tensor<4xi1>
    }
    func.func @any(%a: tensor<4xi1>) -> tensor<i1> {
      %zero = stablehlo.constant dense<false> : tensor<i1>
      %0 = stablehlo.reduce(%a init: %zero) applies stablehlo.add across dimensions = [0]
        : (tensor<4xi1>, tensor<i1>) -> tensor<i1>
      return %0 : tensor<i1>
    }"""
    pipeline = _pipeline(text)
    a, b = np.array([0, 0, 1, 1], bool), np.array([0, 1, 0, 1], bool)

    np.testing.assert_array_equal(pipeline.add(a, b), a | b)
    assert bool(pipeline.any(a)) is True
    assert bool(pipeline.any(np.zeros(4, bool))) is False


def _sorted_by(body: str, argument: str = "") -> str:
    return f"""
    func.func @sort(%a: tensor<6xf32>{argument}) -> tensor<6xf32> {{
      %z = stablehlo.constant dense<0.0> : tensor<f32>
      %0 = "stablehlo.sort"(%a) <{{dimension = 0 : i64, is_stable = true}}> ({{
      ^bb0(%x: tensor<f32>, %y: tensor<f32>):
        {body}
        stablehlo.return %less : tensor<i1>
      }}) : (tensor<6xf32>) -> tensor<6xf32>
      return %0 : tensor<6xf32>
    }}"""


VALUES = np.array([3, -1, 2, 0, 5, -4], np.float32)


def test_a_comparator_captures_a_constant() -> None:
    body = """
        %low = stablehlo.maximum %x, %z : tensor<f32>
        %high = stablehlo.maximum %y, %z : tensor<f32>
        %less = stablehlo.compare GT, %low, %high : (tensor<f32>, tensor<f32>) -> tensor<i1>"""

    np.testing.assert_array_equal(_pipeline(_sorted_by(body)).sort(VALUES), [5, 3, 2, -1, 0, -4])


def test_a_comparator_captures_an_argument() -> None:
    body = """
        %c = stablehlo.subtract %x, %k : tensor<f32>
        %d = stablehlo.subtract %y, %k : tensor<f32>
        %e = stablehlo.abs %c : tensor<f32>
        %f = stablehlo.abs %d : tensor<f32>
        %less = stablehlo.compare LT, %e, %f : (tensor<f32>, tensor<f32>) -> tensor<i1>"""
    expected = VALUES[np.argsort(np.abs(VALUES - 4), kind="stable")]

    found = _pipeline(_sorted_by(body, ", %k: tensor<f32>")).sort(VALUES, np.float32(4))

    np.testing.assert_array_equal(found, expected)


def test_a_scatter_captures_what_is_computed_before_it() -> None:
    text = """
    func.func @scatter(%a: tensor<6xf32>, %i: tensor<3x1xi32>, %u: tensor<3xf32>, %k: tensor<f32>)
        -> tensor<6xf32> {
      %twice = stablehlo.add %k, %k : tensor<f32>
      %0 = "stablehlo.scatter"(%a, %i, %u) <{scatter_dimension_numbers = #stablehlo.scatter<
          inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
      ^bb0(%x: tensor<f32>, %y: tensor<f32>):
        %c = stablehlo.multiply %y, %twice : tensor<f32>
        %d = stablehlo.add %x, %c : tensor<f32>
        stablehlo.return %d : tensor<f32>
      }) : (tensor<6xf32>, tensor<3x1xi32>, tensor<3xf32>) -> tensor<6xf32>
      return %0 : tensor<6xf32>
    }"""
    indices, updates = np.array([[0], [2], [0]], np.int32), np.array([1, 2, 3], np.float32)
    expected = VALUES.copy()
    np.add.at(expected, indices[:, 0], updates * 10)

    found = _pipeline(text).scatter(VALUES, indices, updates, np.float32(5))

    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("name", "sign"), [("top_k_gt_f32_comparator", -1), ("top_k_lt_f32_comparator", 1)])
def test_an_approximate_top_k_is_exact(name: str, sign: int) -> None:
    text = f"""
    func.func @f(%x: tensor<3x9xf32>, %where: tensor<3x9xi32>) -> (tensor<3x2xf32>, tensor<3x2xi32>) {{
      %number = stablehlo.constant dense<0.0> : tensor<f32>
      %index = stablehlo.constant dense<-1> : tensor<i32>
      %0:2 = stablehlo.custom_call @ApproxTopK(%x, %where, %number, %index) {{
        called_computations = [@{name}], mhlo.backend_config = {{
          aggregate_to_topk = true, is_fallback = true, recall_target = 0.95 : f32, reduction_dim = 1 : i64,
          reduction_input_size_override = -1 : i64, top_k = 2 : i64
        }}
      }} : (tensor<3x9xf32>, tensor<3x9xi32>, tensor<f32>, tensor<i32>) -> (tensor<3x2xf32>, tensor<3x2xi32>)
      return %0#0, %0#1 : tensor<3x2xf32>, tensor<3x2xi32>
    }}
    func.func private @{name}(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>)
        -> tensor<i1> {{
      %0 = stablehlo.compare {"GT" if sign < 0 else "LT"}, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
      return %0 : tensor<i1>
    }}"""
    x = np.random.default_rng(0).normal(size=(3, 9)).astype(np.float32)
    expected = np.argsort(sign * x, 1)[:, :2]

    values, indices = _pipeline(text).f(x, np.tile(np.arange(9, dtype=np.int32), (3, 1)))

    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(values, np.take_along_axis(x, expected, 1))


@pytest.mark.parametrize(
    ("size", "stride", "low", "high"), [(2, 2, 0, 0), (3, 1, 0, 0), (3, 2, 1, 1), (2, 1, 1, 0), (3, 3, 2, 1)]
)
def test_windows_scatter_to_what_they_select(size: int, stride: int, low: int, high: int) -> None:
    x = np.array([3, 1, -np.inf, -np.inf, -np.inf, 5, 5, 2, 0], np.float32)
    count = (9 + low + high - size) // stride + 1
    text = f"""
    func.func @f(%x: tensor<9xf32>, %source: tensor<{count}xf32>) -> tensor<9xf32> {{
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
      %0 = "stablehlo.select_and_scatter"(%x, %source, %zero) <{{
        window_dimensions = array<i64: {size}>, window_strides = array<i64: {stride}>,
        padding = dense<[[{low}, {high}]]> : tensor<1x2xi64>
      }}> ({{
      ^bb0(%a: tensor<f32>, %b: tensor<f32>):
        %1 = stablehlo.compare GE, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
        stablehlo.return %1 : tensor<i1>
      }}, {{
      ^bb0(%a: tensor<f32>, %b: tensor<f32>):
        %1 = stablehlo.add %a, %b : tensor<f32>
        stablehlo.return %1 : tensor<f32>
      }}) : (tensor<9xf32>, tensor<{count}xf32>, tensor<f32>) -> tensor<9xf32>
      return %0 : tensor<9xf32>
    }}"""
    source, expected = np.arange(1, count + 1, dtype=np.float32), np.zeros(9, np.float32)
    for window in range(count):
        inside = [at for at in range(window * stride - low, window * stride - low + size) if 0 <= at < 9]
        expected[inside[int(np.argmax(x[inside]))]] += source[window]

    np.testing.assert_array_equal(_pipeline(text).f(x, source), expected)
