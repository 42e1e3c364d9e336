"""StableHLO operations that are a few steps of arithmetic, or none where a program runs alone."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.errors import CompileError

X = np.array([[1, 2, -3], [4, 0.5, 6]], np.float32)
SCALE, OFFSET = np.array([2, 1, -1], np.float32), np.array([0.5, 0, 3], np.float32)
EPSILON = 0.25
ATTRIBUTES = f"{{epsilon = {EPSILON} : f32, feature_index = 1 : i64}}"


def _pipeline(text: str) -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_text(text)], device="local-sync")


def test_batch_normalisation_of_training() -> None:
    pipeline = _pipeline(f"""
    func.func @train(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %o: tensor<3xf32>)
        -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) {{
      %r:3 = "stablehlo.batch_norm_training"(%x, %s, %o) {ATTRIBUTES}
        : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>)
      return %r#0, %r#1, %r#2 : tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>
    }}""")
    mean, variance = X.mean(axis=0), X.var(axis=0)

    output, found_mean, found_variance = pipeline.train(X, SCALE, OFFSET)

    np.testing.assert_allclose(found_mean, mean, rtol=1e-6)
    np.testing.assert_allclose(found_variance, variance, rtol=1e-6)
    expected = (X - mean) / np.sqrt(variance + EPSILON) * SCALE + OFFSET
    np.testing.assert_allclose(output, expected, rtol=1e-5)


def test_gradients_of_batch_normalisation_are_slopes() -> None:
    pipeline = _pipeline(f"""
    func.func @grad(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %m: tensor<3xf32>, %v: tensor<3xf32>,
        %g: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) {{
      %r:3 = "stablehlo.batch_norm_grad"(%x, %s, %m, %v, %g) {ATTRIBUTES}
        : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<2x3xf32>)
        -> (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>)
      return %r#0, %r#1, %r#2 : tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>
    }}""")
    weights = np.array([[1, -2, 0.5], [3, 1, -1]])

    def loss(x: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> float:
        normal = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + EPSILON)
        return float(((normal * scale + offset) * weights).sum())

    def slope(position: int, index: tuple[int, ...]) -> float:
        ends: list[float] = []
        for step in (1e-5, -1e-5):
            values = [X.astype(np.float64), SCALE.astype(np.float64), OFFSET.astype(np.float64)]
            values[position][index] += step
            ends.append(loss(*values))
        return (ends[0] - ends[1]) / 2e-5

    found = pipeline.grad(X, SCALE, X.mean(axis=0), X.var(axis=0), weights.astype(np.float32))

    for position, gradient in enumerate(found):
        slopes = [slope(position, index) for index in np.ndindex(gradient.shape)]
        np.testing.assert_allclose(gradient.ravel(), slopes, rtol=1e-3, atol=1e-4)


def test_products_that_name_an_algorithm() -> None:
    pipeline = _pipeline("""
    func.func @dot(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2xf32> {
      %r = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0],
        algorithm = <lhs_precision_type = f32, rhs_precision_type = f32, accumulation_type = f32,
          lhs_component_count = 1, rhs_component_count = 1, num_primitive_operations = 1,
          allow_imprecise_accumulation = false>
        : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2xf32>
      return %r : tensor<2xf32>
    }""")

    np.testing.assert_allclose(pipeline.dot(X, SCALE), X @ SCALE)


ALL_REDUCE = """
    func.func @sum(%x: tensor<3xf32>) -> tensor<3xf32> {{
      %r = "stablehlo.all_reduce"(%x) ({{
      ^bb0(%a: tensor<f32>, %b: tensor<f32>):
        %s = stablehlo.add %a, %b : tensor<f32>
        stablehlo.return %s : tensor<f32>
      }}) {{replica_groups = dense<{groups}> : tensor<1x{count}xi64>}} : (tensor<3xf32>) -> tensor<3xf32>
      return %r : tensor<3xf32>
    }}"""


def test_collectives_of_one_participant() -> None:
    others = """
    func.func @others(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<ui32>) {
      %g = "stablehlo.all_gather"(%x) {all_gather_dim = 0 : i64, replica_groups = dense<0> : tensor<1x1xi64>}
        : (tensor<3xf32>) -> tensor<3xf32>
      %p = "stablehlo.collective_permute"(%x) {source_target_pairs = dense<0> : tensor<1x2xi64>}
        : (tensor<3xf32>) -> tensor<3xf32>
      %i = stablehlo.replica_id : tensor<ui32>
      return %g, %p, %i : tensor<3xf32>, tensor<3xf32>, tensor<ui32>
    }"""
    pipeline = _pipeline(ALL_REDUCE.format(groups="0", count=1) + others)

    gathered, permuted, participant = pipeline.others(SCALE)

    for found in (pipeline.sum(SCALE), gathered, permuted):
        np.testing.assert_array_equal(found, SCALE)
    assert participant == 0


def test_collectives_of_more_are_refused() -> None:
    with pytest.raises(CompileError, match="all_reduce"):
        gossamer.compile_text(ALL_REDUCE.format(groups="[[0, 1]]", count=2))
