"""Operations of `iree_linalg_ext` that become linalg: results are NumPy's on both targets."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions

RANDOM = np.random.default_rng(7)


@pytest.fixture(params=["vmvx", "llvm-cpu"])
def target(request: pytest.FixtureRequest) -> str:
    return request.param


def _pipeline(text: str, target: str) -> gossamer.Pipeline:
    options = CompileOptions(target_device="local", target_backends=(target,))
    return gossamer.Pipeline([gossamer.compile_text(text, options=options)], device="local-sync")


@pytest.mark.parametrize("name", ["topk", "topk_v2"])
@pytest.mark.parametrize("size", ["9", "?"])
def test_first_elements(name: str, size: str, target: str) -> None:
    text = f"""
    func.func @first(%values: tensor<3x{size}xf32>) -> (tensor<3x4xf32>, tensor<3x4xi32>) {{
      %lowest = arith.constant dense<0xFF800000> : tensor<3x4xf32>
      %zero = arith.constant dense<0> : tensor<3x4xi32>
      %0:2 = iree_linalg_ext.{name} dimension(1) ins(%values : tensor<3x{size}xf32>)
        outs(%lowest, %zero : tensor<3x4xf32>, tensor<3x4xi32>) {{
      ^bb0(%a: f32, %b: f32):
        %1 = arith.cmpf ogt, %a, %b : f32
        iree_linalg_ext.yield %1 : i1
      }} -> tensor<3x4xf32>, tensor<3x4xi32>
      return %0#0, %0#1 : tensor<3x4xf32>, tensor<3x4xi32>
    }}"""
    values = RANDOM.permutation(27).reshape(3, 9).astype(np.float32)
    order = np.argsort(-values, axis=1)[:, :4]

    found, indices = _pipeline(text, target).first(values)

    np.testing.assert_array_equal(found, np.take_along_axis(values, order, 1))
    np.testing.assert_array_equal(indices, order)


def test_results_of_top_k_keep_what_they_were_where_it_is_better(target: str) -> None:
    text = """
    func.func @first(%values: tensor<3xf32>, %best: tensor<2xf32>, %places: tensor<2xi32>)
        -> (tensor<2xf32>, tensor<2xi32>) {
      %0:2 = iree_linalg_ext.topk dimension(0) ins(%values : tensor<3xf32>)
        outs(%best, %places : tensor<2xf32>, tensor<2xi32>) {
      ^bb0(%a: f32, %b: f32):
        %1 = arith.cmpf ogt, %a, %b : f32
        iree_linalg_ext.yield %1 : i1
      } -> tensor<2xf32>, tensor<2xi32>
      return %0#0, %0#1 : tensor<2xf32>, tensor<2xi32>
    }"""

    found, places = _pipeline(text, target).first(
        np.array([1, 5, 4], np.float32), np.array([5, 0], np.float32), np.array([70, 80], np.int32)
    )

    np.testing.assert_array_equal(found, [5, 5])
    np.testing.assert_array_equal(places, [70, 1])


@pytest.mark.parametrize("base", ["", " index_base(%base : index)"])
def test_preferred_elements(base: str, target: str) -> None:
    text = f"""
    func.func @smallest(%values: tensor<4x5xf32>) -> (tensor<5xf32>, tensor<5xi64>) {{
      %base = arith.constant 100 : index
      %highest = arith.constant dense<0x7F800000> : tensor<5xf32>
      %zero = arith.constant dense<0> : tensor<5xi64>
      %0:2 = iree_linalg_ext.arg_compare dimension(0) ins(%values : tensor<4x5xf32>)
        outs(%highest, %zero : tensor<5xf32>, tensor<5xi64>){base} {{
      ^bb0(%a: f32, %b: f32):
        %1 = arith.cmpf olt, %a, %b : f32
        iree_linalg_ext.yield %1 : i1
      }} -> tensor<5xf32>, tensor<5xi64>
      return %0#0, %0#1 : tensor<5xf32>, tensor<5xi64>
    }}"""
    values = RANDOM.integers(0, 3, (4, 5)).astype(np.float32)

    found, places = _pipeline(text, target).smallest(values)

    np.testing.assert_array_equal(found, values.min(axis=0))
    np.testing.assert_array_equal(places, values.argmin(axis=0) + (100 if base else 0))


def test_elements_at_computed_indices(target: str) -> None:
    text = """
    func.func @shifted(%values: tensor<4x5xf32>) -> tensor<4x5xf32> {
      %one = arith.constant 1 : index
      %padding = arith.constant -1.0 : f32
      %empty = tensor.empty() : tensor<4x5xf32>
      %0 = iree_linalg_ext.map_load %values into %empty {
      ^bb0(%i: index, %j: index):
        %up = arith.subi %i, %one : index
        %right = arith.addi %j, %one : index
        iree_linalg_ext.yield %up, %right, %padding : index, index, f32
      } : tensor<4x5xf32> into tensor<4x5xf32> -> tensor<4x5xf32>
      return %0 : tensor<4x5xf32>
    }
    func.func @stored(%values: tensor<4x5xf32>, %init: tensor<5x4xf32>) -> tensor<5x4xf32> {
      %two = arith.constant 2 : index
      %0 = iree_linalg_ext.map_store %values into %init {
      ^bb0(%i: index, %j: index):
        %mask = arith.cmpi ne, %j, %two : index
        iree_linalg_ext.yield %j, %i, %mask : index, index, i1
      } : tensor<4x5xf32> into tensor<5x4xf32> -> tensor<5x4xf32>
      return %0 : tensor<5x4xf32>
    }"""
    values = RANDOM.standard_normal((4, 5)).astype(np.float32)
    init = RANDOM.standard_normal((5, 4)).astype(np.float32)
    shifted = np.full((4, 5), -1, np.float32)
    shifted[1:, :-1] = values[:-1, 1:]
    stored = values.T.copy()
    stored[2] = init[2]

    pipeline = _pipeline(text, target)

    np.testing.assert_array_equal(pipeline.shifted(values), shifted)
    np.testing.assert_array_equal(pipeline.stored(values, init), stored)


@pytest.mark.parametrize("is_channels_first", [False, True])
def test_transforms_of_winograd_make_a_convolution(is_channels_first: bool, target: str) -> None:
    shape, dims = ("1x2x12x14", "[2, 3]") if is_channels_first else ("1x12x14x2", "[1, 2]")
    result = "1x3x12x12" if is_channels_first else "1x12x12x3"
    kernel, kernel_dims = ("3x2x3x3", "[2, 3]") if is_channels_first else ("3x3x2x3", "[0, 1]")
    sizes = "output_tile_size(6) kernel_size(3)"
    text = f"""
    func.func @convolve(%image: tensor<{shape}xf32>, %kernel: tensor<{kernel}xf32>) -> tensor<{result}xf32> {{
      %zero = arith.constant 0.0 : f32
      %tiles = tensor.empty() : tensor<8x8x1x2x2x2xf32>
      %0 = iree_linalg_ext.winograd.input_transform {sizes} image_dimensions({dims})
        ins(%image : tensor<{shape}xf32>) outs(%tiles : tensor<8x8x1x2x2x2xf32>) -> tensor<8x8x1x2x2x2xf32>
      %filters = tensor.empty() : tensor<8x8x2x3xf32>
      %1 = iree_linalg_ext.winograd.filter_transform {sizes} kernel_dimensions({kernel_dims})
        ins(%kernel : tensor<{kernel}xf32>) outs(%filters : tensor<8x8x2x3xf32>) -> tensor<8x8x2x3xf32>
      %empty = tensor.empty() : tensor<8x8x1x2x2x3xf32>
      %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8x1x2x2x3xf32>) -> tensor<8x8x1x2x2x3xf32>
      %2 = linalg.generic {{indexing_maps = [
          affine_map<(h, w, n, y, x, f, c) -> (h, w, n, y, x, c)>,
          affine_map<(h, w, n, y, x, f, c) -> (h, w, c, f)>,
          affine_map<(h, w, n, y, x, f, c) -> (h, w, n, y, x, f)>],
          iterator_types = [{", ".join(['"parallel"'] * 6)}, "reduction"]}}
          ins(%0, %1 : tensor<8x8x1x2x2x2xf32>, tensor<8x8x2x3xf32>) outs(%fill : tensor<8x8x1x2x2x3xf32>) {{
        ^bb0(%a: f32, %b: f32, %total: f32):
          %product = arith.mulf %a, %b : f32
          %sum = arith.addf %total, %product : f32
          linalg.yield %sum : f32
      }} -> tensor<8x8x1x2x2x3xf32>
      %out = tensor.empty() : tensor<{result}xf32>
      %3 = iree_linalg_ext.winograd.output_transform {sizes} image_dimensions({dims})
        ins(%2 : tensor<8x8x1x2x2x3xf32>) outs(%out : tensor<{result}xf32>) -> tensor<{result}xf32>
      return %3 : tensor<{result}xf32>
    }}"""
    # The last two rows are missing: tiles reach over the end of the image, into zeros.
    image = RANDOM.standard_normal((1, 2, 12, 14)).astype(np.float32)
    kernel_values = RANDOM.standard_normal((3, 2, 3, 3)).astype(np.float32)
    padded = np.pad(image, ((0, 0), (0, 0), (0, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    expected = np.einsum("ncyxhw,fchw->nfyx", windows, kernel_values)
    if not is_channels_first:
        image, expected = image.transpose(0, 2, 3, 1), expected.transpose(0, 2, 3, 1)
        kernel_values = kernel_values.transpose(2, 3, 1, 0)

    found = _pipeline(text, target).convolve(np.ascontiguousarray(image), np.ascontiguousarray(kernel_values))

    np.testing.assert_allclose(found, expected, atol=1e-3)


_MAPS = (
    "affine_map<(b, m, k, n, d) -> (b, m, k)>, affine_map<(b, m, k, n, d) -> (b, n, k)>, "
    "affine_map<(b, m, k, n, d) -> (b, n, d)>, affine_map<(b, m, k, n, d) -> ()>"
)
_RESULT = "affine_map<(b, m, k, n, d) -> (b, m, d)>"
_MASK = "affine_map<(b, m, k, n, d) -> (b, m, n)>, "


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("mask", ["", "i1", "f32"])
@pytest.mark.parametrize("size", ["6", "?"])
def test_attention(mask: str, size: str, target: str) -> None:
    keys = f"tensor<2x{size}x8xf32>"
    masks = f", %mask: tensor<2x5x{size}x{mask}>" if mask else ""
    text = f"""
    func.func @attend(%q: tensor<2x5x8xf32>, %k: {keys}, %v: {keys}{masks}) -> tensor<2x5x8xf32> {{
      %scale = arith.constant 0.3 : f32
      %empty = tensor.empty() : tensor<2x5x8xf32>
      %0 = iree_linalg_ext.attention {{indexing_maps = [{_MAPS}, {_MASK if mask else ""}{_RESULT}]}}
        ins(%q, %k, %v, %scale{", %mask" if mask else ""} : tensor<2x5x8xf32>, {keys}, {keys}, f32
          {f", tensor<2x5x{size}x{mask}>" if mask else ""})
        outs(%empty : tensor<2x5x8xf32>) {{
      ^bb0(%score: f32):
        iree_linalg_ext.yield %score : f32
      }} -> tensor<2x5x8xf32>
      return %0 : tensor<2x5x8xf32>
    }}"""
    q = RANDOM.standard_normal((2, 5, 8)).astype(np.float32)
    k, v = RANDOM.standard_normal((2, 2, 6, 8)).astype(np.float32)
    scores = np.einsum("bmk,bnk->bmn", q, k) * 0.3
    given: list[np.ndarray] = []
    if mask == "i1":
        given = [RANDOM.random((2, 5, 6)) < 0.7]
        given[0][..., 0] = True
        scores = np.where(given[0], scores, -np.inf)
    elif mask:
        given = [RANDOM.standard_normal((2, 5, 6)).astype(np.float32)]
        scores = scores + given[0]

    found = _pipeline(text, target).attend(q, k, v, *given)

    np.testing.assert_allclose(found, _softmax(scores) @ v, rtol=1e-4, atol=1e-5)


def test_attention_in_two_parts(target: str) -> None:
    rows, keys = "tensor<1x5xf32>", "tensor<1x6x8xf32>"
    row = "affine_map<(b, m, k, n, d) -> (b, m)>"
    text = f"""
    func.func @part(%q: tensor<1x5x8xf32>, %k: {keys}, %v: {keys}, %sum: tensor<1x5x8xf32>, %largest: {rows},
        %total: {rows}) -> (tensor<1x5x8xf32>, {rows}, {rows}) {{
      %scale = arith.constant 0.3 : f32
      %0:3 = iree_linalg_ext.online_attention {{indexing_maps = [{_MAPS}, {_RESULT}, {row}, {row}]}}
        ins(%q, %k, %v, %scale : tensor<1x5x8xf32>, {keys}, {keys}, f32)
        outs(%sum, %largest, %total : tensor<1x5x8xf32>, {rows}, {rows}) {{
      ^bb0(%score: f32):
        iree_linalg_ext.yield %score : f32
      }} -> tensor<1x5x8xf32>, {rows}, {rows}
      return %0#0, %0#1, %0#2 : tensor<1x5x8xf32>, {rows}, {rows}
    }}"""
    q = RANDOM.standard_normal((1, 5, 8)).astype(np.float32)
    k, v = RANDOM.standard_normal((2, 1, 12, 8)).astype(np.float32)
    state: tuple[np.ndarray, ...] = (
        np.zeros((1, 5, 8), np.float32), np.full((1, 5), -np.inf, np.float32), np.zeros((1, 5), np.float32),
    )  # fmt: skip
    part = _pipeline(text, target).part

    for half in (slice(6), slice(6, 12)):
        state = tuple(part(q, np.ascontiguousarray(k[:, half]), np.ascontiguousarray(v[:, half]), *state))

    expected = _softmax(np.einsum("bmk,bnk->bmn", q, k) * 0.3) @ v
    np.testing.assert_allclose(state[0] / state[2][..., None], expected, rtol=1e-4, atol=1e-5)
