"""Complex numbers in kernels, constants, globals and loops of both targets, against NumPy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions

_PROGRAM = """
util.global private mutable @sums = dense<[(1.0, 2.0), (3.0, -4.0)]> : tensor<2xcomplex<f32>>
util.global private @same = dense<(0.5, -1.0)> : tensor<2xcomplex<f32>>

func.func @constants() -> (tensor<3xcomplex<f64>>, tensor<2x2xcomplex<f32>>, tensor<600xcomplex<f64>>) {
  %0 = util.unfoldable_constant dense<[(1.0, 2.0), (-0.0, -1.0), (3.5, 4.0)]> : tensor<3xcomplex<f64>>
  %1 = stablehlo.constant dense<(1.0, 0x7F800000)> : tensor<2x2xcomplex<f32>>
  %2 = arith.constant dense<(2.0, -3.0)> : tensor<600xcomplex<f64>>
  return %0, %1, %2 : tensor<3xcomplex<f64>>, tensor<2x2xcomplex<f32>>, tensor<600xcomplex<f64>>
}
func.func @accumulate(%0: tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>> {
  %1 = util.global.load @sums : tensor<2xcomplex<f32>>
  %2 = util.global.load @same : tensor<2xcomplex<f32>>
  %3 = stablehlo.multiply %0, %2 : tensor<2xcomplex<f32>>
  %4 = stablehlo.add %1, %3 : tensor<2xcomplex<f32>>
  util.global.store %4, @sums : tensor<2xcomplex<f32>>
  return %4 : tensor<2xcomplex<f32>>
}
func.func @product(%0: tensor<2x4x3xcomplex<f32>>, %1: tensor<2x3x5xcomplex<f32>>)
    -> tensor<2x4x5xcomplex<f32>> {
  %2 = stablehlo.dot_general %0, %1, batching_dims = [0] x [0], contracting_dims = [2] x [1]
    : (tensor<2x4x3xcomplex<f32>>, tensor<2x3x5xcomplex<f32>>) -> tensor<2x4x5xcomplex<f32>>
  return %2 : tensor<2x4x5xcomplex<f32>>
}
func.func @sum(%0: tensor<?x40xcomplex<f64>>) -> tensor<?xcomplex<f64>> {
  %1 = stablehlo.constant dense<(0.0, 0.0)> : tensor<complex<f64>>
  %2 = stablehlo.reduce(%0 init: %1) applies stablehlo.add across dimensions = [1]
    : (tensor<?x40xcomplex<f64>>, tensor<complex<f64>>) -> tensor<?xcomplex<f64>>
  return %2 : tensor<?xcomplex<f64>>
}
func.func @transposed(%0: tensor<4x?xcomplex<f32>>) -> tensor<?x4xcomplex<f32>> {
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<4x?xcomplex<f32>>) -> tensor<?x4xcomplex<f32>>
  return %1 : tensor<?x4xcomplex<f32>>
}
func.func @padded(%0: tensor<2xcomplex<f32>>) -> tensor<5xcomplex<f32>> {
  %1 = stablehlo.constant dense<(7.0, -7.0)> : tensor<complex<f32>>
  %2 = stablehlo.pad %0, %1, low = [1], high = [1], interior = [1]
    : (tensor<2xcomplex<f32>>, tensor<complex<f32>>) -> tensor<5xcomplex<f32>>
  return %2 : tensor<5xcomplex<f32>>
}
func.func @powers(%0: tensor<3xcomplex<f32>>, %1: i32) -> tensor<3xcomplex<f32>> {
  %2 = arith.constant 0 : i32
  %3 = arith.constant 1 : i32
  %4 = scf.for %5 = %2 to %1 step %3 iter_args(%6 = %0) -> tensor<3xcomplex<f32>> : i32 {
    %7 = stablehlo.multiply %6, %0 : tensor<3xcomplex<f32>>
    scf.yield %7 : tensor<3xcomplex<f32>>
  }
  return %4 : tensor<3xcomplex<f32>>
}
"""


@pytest.fixture(scope="module", params=["vmvx", "llvm-cpu"])
def pipeline(request: pytest.FixtureRequest) -> Iterator[gossamer.Pipeline]:
    options = CompileOptions(
        target_device="local", target_backends=(request.param,), type_conversions=frozenset()
    )
    module = gossamer.compile_text(_PROGRAM, options=options)
    with gossamer.Pipeline([module], device="local-sync") as loaded:
        yield loaded


def _numbers(*shape: int) -> npt.NDArray[np.complex128]:
    parts = np.random.default_rng(7).standard_normal((2, *shape))
    return parts[0] + 1j * parts[1]


def test_constants_have_their_numbers(pipeline: gossamer.Pipeline) -> None:
    listed, repeated, many = (np.asarray(result) for result in pipeline.constants())

    np.testing.assert_array_equal(listed, [1 + 2j, complex(-0.0, -1), 3.5 + 4j])
    assert np.signbit(listed[1].real)
    np.testing.assert_array_equal(repeated, np.full((2, 2), complex(1, np.inf), np.complex64))
    np.testing.assert_array_equal(many, np.full(600, 2 - 3j))


def test_globals_keep_complex_numbers(pipeline: gossamer.Pipeline) -> None:
    step = np.array([2 + 1j, -1j], np.complex64)
    pipeline.accumulate(step)

    found = np.asarray(pipeline.accumulate(step))

    np.testing.assert_array_equal(found, np.array([1 + 2j, 3 - 4j]) + 2 * step * (0.5 - 1j))


def test_products_and_sums(pipeline: gossamer.Pipeline) -> None:
    left, right = _numbers(2, 4, 3).astype(np.complex64), _numbers(2, 3, 5).astype(np.complex64)
    wide = left.astype(np.complex128) @ right.astype(np.complex128)
    np.testing.assert_allclose(np.asarray(pipeline.product(left, right)), wide, rtol=1e-5)
    rows = _numbers(3, 40)
    np.testing.assert_allclose(np.asarray(pipeline.sum(rows)), rows.sum(axis=1), rtol=1e-13)


def test_movement(pipeline: gossamer.Pipeline) -> None:
    matrix = _numbers(4, 6).astype(np.complex64)
    np.testing.assert_array_equal(np.asarray(pipeline.transposed(matrix)), matrix.T)
    edge = np.complex64(7 - 7j)
    row = matrix[0, :2]
    found = np.asarray(pipeline.padded(row))
    np.testing.assert_array_equal(found, np.array([edge, row[0], edge, row[1], edge]))


def test_loops_carry_complex_tensors(pipeline: gossamer.Pipeline) -> None:
    numbers = _numbers(3).astype(np.complex64)

    found = np.asarray(pipeline.powers(numbers, 4))

    np.testing.assert_allclose(found, numbers.astype(np.complex128) ** 5, rtol=1e-5)
