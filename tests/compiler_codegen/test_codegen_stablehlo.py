"""StableHLO operations that take kernels of their own."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import check, random_array

from gossamer.compiler import frontend, input
from gossamer.compiler.mlir import ir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.source import Source


def lowered(text: str) -> ir.Module:
    program = frontend.load(Source.from_text(text), CompileOptions())
    input.normalize(program, CompileOptions())
    return program.module


def test_sort_by_total_order_with_positions() -> None:
    keys = np.array([[3, -0.0, 1, np.inf, 0.0, -np.inf, 1, -2]] * 2, np.float32)
    keys[1] = keys[1, ::-1]
    positions = np.broadcast_to(np.arange(8, dtype=np.int32), keys.shape).copy()
    bits = keys.view(np.int32)
    order = np.argsort(np.where(bits < 0, 2**31 - 1 - bits.astype(np.int64) - 2**32, bits), 1, kind="stable")
    text = """func.func @f(%a: tensor<2x8xf32>, %i: tensor<2x8xi32>) -> (tensor<2x8xf32>, tensor<2x8xi32>) {
      %0:2 = "stablehlo.sort"(%a, %i) ({
      ^bb0(%x: tensor<f32>, %y: tensor<f32>, %p: tensor<i32>, %q: tensor<i32>):
        %c = stablehlo.compare LT, %x, %y, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>
        stablehlo.return %c : tensor<i1>
      }) {dimension = 1 : i64, is_stable = true}
        : (tensor<2x8xf32>, tensor<2x8xi32>) -> (tensor<2x8xf32>, tensor<2x8xi32>)
      return %0#0, %0#1 : tensor<2x8xf32>, tensor<2x8xi32>
    }"""

    expected = [np.take_along_axis(array, order, 1) for array in (keys, positions)]
    check(lowered(text), [keys, positions], expected)


@pytest.mark.parametrize("operation", ["add", "maximum"])
def test_scatter_of_windows(operation: str) -> None:
    operand, updates = random_array(3, 4, 2, dtype=np.int32), random_array(2, 3, 2, 2, dtype=np.int32)
    indices = np.array([[[0, 2], [1, 0], [2, 1]], [[0, 1], [1, 0], [0, 9]]], np.int32)
    expected = operand.copy()
    combine = {"add": np.add, "maximum": np.maximum}[operation]
    for (i, j, y, z), update in np.ndenumerate(updates):
        where = (indices[i, j, 1], indices[i, j, 0] + y, z)
        if all(0 <= index < size for index, size in zip(where, operand.shape, strict=True)):
            expected[where] = combine(expected[where], update)
    types = "(tensor<3x4x2xi32>, tensor<2x3x2xi32>, tensor<2x3x2x2xi32>)"
    text = f"""func.func @f(%o: tensor<3x4x2xi32>, %i: tensor<2x3x2xi32>, %u: tensor<2x3x2x2xi32>)
        -> tensor<3x4x2xi32> {{
      %0 = "stablehlo.scatter"(%o, %i, %u) ({{
      ^bb0(%x: tensor<i32>, %y: tensor<i32>):
        %1 = stablehlo.{operation} %x, %y : tensor<i32>
        stablehlo.return %1 : tensor<i32>
      }}) {{
        scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [2, 3],
          inserted_window_dims = [0], scatter_dims_to_operand_dims = [1, 0], index_vector_dim = 2>,
        indices_are_sorted = false, unique_indices = false
      }} : {types} -> tensor<3x4x2xi32>
      return %0 : tensor<3x4x2xi32>
    }}"""

    check(lowered(text), [operand, indices, updates], expected)


def test_scatter_that_replaces() -> None:
    operand, updates = random_array(6), random_array(2)
    indices = np.array([[4], [1]], np.int32)
    expected = operand.copy()
    expected[[4, 1]] = updates
    text = """func.func @f(%o: tensor<6xf32>, %i: tensor<2x1xi32>, %u: tensor<2xf32>) -> tensor<6xf32> {
      %0 = "stablehlo.scatter"(%o, %i, %u) ({
      ^bb0(%x: tensor<f32>, %y: tensor<f32>):
        stablehlo.return %y : tensor<f32>
      }) {scatter_dimension_numbers = #stablehlo.scatter<inserted_window_dims = [0],
          scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}
        : (tensor<6xf32>, tensor<2x1xi32>, tensor<2xf32>) -> tensor<6xf32>
      return %0 : tensor<6xf32>
    }"""

    check(lowered(text), [operand, indices, updates], expected)
