from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import check, random_array

SOFTMAX = """
func.func @f(%a: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %a, %c0 : tensor<?x?xf32>
  %n = tensor.dim %a, %c1 : tensor<?x?xf32>
  %ninf = arith.constant 0xFF800000 : f32
  %z = arith.constant 0.0 : f32
  %e1 = tensor.empty(%m) : tensor<?xf32>
  %f1 = linalg.fill ins(%ninf : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %mx = linalg.reduce { arith.maximumf }
    ins(%a : tensor<?x?xf32>) outs(%f1 : tensor<?xf32>) dimensions = [1]
  %e2 = tensor.empty(%m, %n) : tensor<?x?xf32>
  %b = linalg.broadcast ins(%mx : tensor<?xf32>) outs(%e2 : tensor<?x?xf32>) dimensions = [1]
  %s = arith.subf %a, %b : tensor<?x?xf32>
  %x = math.exp %s : tensor<?x?xf32>
  %f2 = linalg.fill ins(%z : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %sm = linalg.reduce { arith.addf } ins(%x : tensor<?x?xf32>) outs(%f2 : tensor<?xf32>) dimensions = [1]
  %b2 = linalg.broadcast ins(%sm : tensor<?xf32>) outs(%e2 : tensor<?x?xf32>) dimensions = [1]
  %r = arith.divf %x, %b2 : tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}"""


def test_softmax() -> None:
    logits = random_array(5, 7)
    powers = np.exp(logits - logits.max(1, keepdims=True))
    check(SOFTMAX, [logits], powers / powers.sum(1, keepdims=True), tolerance=1e-5)


@pytest.mark.parametrize(("dimensions", "axis"), [("[0]", 0), ("[1]", 1), ("[2]", 2), ("[0, 2]", (0, 2))])
def test_sum_over_axes(dimensions: str, axis: int | tuple[int, ...]) -> None:
    tensor = random_array(3, 5, 4, dtype=np.int32)
    expected = tensor.sum(axis, dtype=np.int32)
    type = f"tensor<{'x'.join(map(str, expected.shape))}xi32>"
    check(
        f"""func.func @f(%a: tensor<3x5x4xi32>) -> {type} {{
          %z = arith.constant 0 : i32
          %e = tensor.empty() : {type}
          %f = linalg.fill ins(%z : i32) outs(%e : {type}) -> {type}
          %0 = linalg.reduce {{ arith.addi }} ins(%a : tensor<3x5x4xi32>) outs(%f : {type})
            dimensions = {dimensions}
          return %0 : {type}
        }}""",
        [tensor],
        expected,
    )


def test_sum_of_everything_dynamic() -> None:
    tensor = np.arange(35, dtype=np.int32).reshape(5, 7)
    check(
        """func.func @f(%a: tensor<?x?xi32>) -> tensor<i32> {
          %z = arith.constant dense<0> : tensor<i32>
          %0 = linalg.reduce { arith.addi }
            ins(%a : tensor<?x?xi32>) outs(%z : tensor<i32>) dimensions = [0, 1]
          return %0 : tensor<i32>
        }""",
        [tensor],
        np.array(595, np.int32),
    )


def test_initial_values_are_read() -> None:
    start = random_array(4)
    check(
        """func.func @f(%a: tensor<4x5xf32>, %i: tensor<4xf32>) -> tensor<4xf32> {
          %r = linalg.reduce { arith.addf }
            ins(%a : tensor<4x5xf32>) outs(%i : tensor<4xf32>) dimensions = [1]
          return %r : tensor<4xf32>
        }""",
        [np.ones((4, 5), np.float32), start],
        start + 5,
        tolerance=1e-6,
    )


@pytest.mark.parametrize(("axis", "map", "size"), [(1, "(i, k)", 5), (0, "(k, i)", 7)])
def test_argmax(axis: int, map: str, size: int) -> None:
    tensor = random_array(5, 7)
    check(
        f"""#in = affine_map<(i, k) -> {map}>
        #out = affine_map<(i, k) -> (i)>
        func.func @f(%a: tensor<5x7xf32>) -> (tensor<{size}xf32>, tensor<{size}xi64>) {{
          %ninf = arith.constant 0xFF800000 : f32
          %z = arith.constant 0 : i64
          %e1 = tensor.empty() : tensor<{size}xf32>
          %f1 = linalg.fill ins(%ninf : f32) outs(%e1 : tensor<{size}xf32>) -> tensor<{size}xf32>
          %e2 = tensor.empty() : tensor<{size}xi64>
          %f2 = linalg.fill ins(%z : i64) outs(%e2 : tensor<{size}xi64>) -> tensor<{size}xi64>
          %r:2 = linalg.generic
              {{indexing_maps = [#in, #out, #out], iterator_types = ["parallel", "reduction"]}}
              ins(%a : tensor<5x7xf32>) outs(%f1, %f2 : tensor<{size}xf32>, tensor<{size}xi64>) {{
          ^bb0(%x: f32, %m: f32, %i: i64):
            %k = linalg.index 1 : index
            %ki = arith.index_cast %k : index to i64
            %c = arith.cmpf ogt, %x, %m : f32
            %nm = arith.select %c, %x, %m : f32
            %ni = arith.select %c, %ki, %i : i64
            linalg.yield %nm, %ni : f32, i64
          }} -> (tensor<{size}xf32>, tensor<{size}xi64>)
          return %r#0, %r#1 : tensor<{size}xf32>, tensor<{size}xi64>
        }}""",
        [tensor],
        [tensor.max(axis), tensor.argmax(axis)],
    )


@pytest.mark.parametrize(
    "shapes", [((5, 7), (7, 6)), ((1, 1), (1, 1)), ((3, 0), (0, 4)), ((40, 33), (33, 200))]
)
def test_matmul_with_bias_and_relu_in_one_dispatch(shapes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    lhs, rhs = (random_array(*shape) for shape in shapes)
    bias = random_array(shapes[1][1])
    program = check(
        """#id = affine_map<(i, j) -> (i, j)>
        #column = affine_map<(i, j) -> (j)>
        func.func @f(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?xf32>) -> tensor<?x?xf32> {
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %m = tensor.dim %a, %c0 : tensor<?x?xf32>
          %n = tensor.dim %b, %c1 : tensor<?x?xf32>
          %z = arith.constant 0.0 : f32
          %e = tensor.empty(%m, %n) : tensor<?x?xf32>
          %f1 = linalg.fill ins(%z : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
          %0 = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
            outs(%f1 : tensor<?x?xf32>) -> tensor<?x?xf32>
          %1 = linalg.generic
              {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
              ins(%0, %c : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
          ^bb0(%x: f32, %y: f32, %o: f32):
            %2 = arith.addf %x, %y : f32
            %3 = arith.maximumf %2, %z : f32
            linalg.yield %3 : f32
          } -> tensor<?x?xf32>
          return %1 : tensor<?x?xf32>
        }""",
        [lhs, rhs, bias],
        np.maximum(lhs @ rhs + bias, 0),
        tolerance=1e-4,
    )

    assert program.dispatch_count == 1


def test_integer_batch_matmul_and_transposed_operand() -> None:
    lhs, rhs = random_array(2, 4, 16, dtype=np.int8), random_array(2, 8, 16, dtype=np.int8)
    check(
        """func.func @f(%a: tensor<2x4x16xi8>, %b: tensor<2x8x16xi8>) -> tensor<2x4x8xi32> {
          %z = arith.constant 0 : i32
          %e = tensor.empty() : tensor<2x4x8xi32>
          %f = linalg.fill ins(%z : i32) outs(%e : tensor<2x4x8xi32>) -> tensor<2x4x8xi32>
          %0 = linalg.batch_matmul
            indexing_maps = [affine_map<(b, i, j, k) -> (b, i, k)>, affine_map<(b, i, j, k) -> (b, j, k)>,
                             affine_map<(b, i, j, k) -> (b, i, j)>]
            ins(%a, %b : tensor<2x4x16xi8>, tensor<2x8x16xi8>)
            outs(%f : tensor<2x4x8xi32>) -> tensor<2x4x8xi32>
          return %0 : tensor<2x4x8xi32>
        }""",
        [lhs, rhs],
        np.einsum("bik,bjk->bij", lhs.astype(np.int32), rhs.astype(np.int32)),
    )


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2), (3, 2)])
def test_convolution(stride: int, dilation: int) -> None:
    image, kernel = random_array(2, 9, 9, 3), random_array(3, 3, 3, 5)
    reach = dilation * 2 + 1
    size = (9 - reach) // stride + 1
    expected = np.zeros((2, size, size, 5), np.float32)
    for y in range(size):
        for x in range(size):
            window = image[:, y * stride :, x * stride :][:, :reach:dilation, :reach:dilation]
            expected[:, y, x] = np.einsum("nabc,abco->no", window, kernel)
    type = f"tensor<2x{size}x{size}x5xf32>"
    check(
        f"""func.func @f(%a: tensor<2x9x9x3xf32>, %b: tensor<3x3x3x5xf32>) -> {type} {{
          %z = arith.constant 0.0 : f32
          %e = tensor.empty() : {type}
          %f = linalg.fill ins(%z : f32) outs(%e : {type}) -> {type}
          %0 = linalg.conv_2d_nhwc_hwcf
            {{dilations = dense<{dilation}> : tensor<2xi64>, strides = dense<{stride}> : tensor<2xi64>}}
            ins(%a, %b : tensor<2x9x9x3xf32>, tensor<3x3x3x5xf32>) outs(%f : {type}) -> {type}
          return %0 : {type}
        }}""",
        [image, kernel],
        expected,
        tolerance=1e-4,
    )


def test_max_pooling() -> None:
    image = random_array(1, 6, 6, 3)
    shifted = [image[:, y : y + 5, x : x + 5] for y in range(2) for x in range(2)]
    check(
        """func.func @f(%a: tensor<1x6x6x3xf32>) -> tensor<1x5x5x3xf32> {
          %w = tensor.empty() : tensor<2x2xf32>
          %ninf = arith.constant 0xFF800000 : f32
          %e = tensor.empty() : tensor<1x5x5x3xf32>
          %f = linalg.fill ins(%ninf : f32) outs(%e : tensor<1x5x5x3xf32>) -> tensor<1x5x5x3xf32>
          %0 = linalg.pooling_nhwc_max
            {dilations = dense<1> : tensor<2xi64>, strides = dense<1> : tensor<2xi64>}
            ins(%a, %w : tensor<1x6x6x3xf32>, tensor<2x2xf32>)
            outs(%f : tensor<1x5x5x3xf32>) -> tensor<1x5x5x3xf32>
          return %0 : tensor<1x5x5x3xf32>
        }""",
        [image],
        np.max(shifted, axis=0),
    )
