// A product of matrices with a constant one, and a bias.
func.func @run(%input: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %weights = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0],
                                   [0.5, 0.25, 0.125, 1.0], [9.0, 8.0, 7.0, 6.0]]> : tensor<4x4xf32>
  %bias = arith.constant dense<0.5> : tensor<4x4xf32>
  %product = linalg.matmul ins(%input, %weights : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%bias : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %product : tensor<4x4xf32>
}
