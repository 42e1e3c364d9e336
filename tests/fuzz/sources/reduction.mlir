// Sums of rows, then the largest of them.
func.func @run(%input: tensor<4x4xf32>) -> (tensor<4xf32>, tensor<f32>) {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant -1.0e30 : f32
  %empty_rows = tensor.empty() : tensor<4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty_rows : tensor<4xf32>) -> tensor<4xf32>
  %sums = linalg.reduce ins(%input : tensor<4x4xf32>) outs(%zeros : tensor<4xf32>) dimensions = [1]
    (%in: f32, %acc: f32) {
      %sum = arith.addf %in, %acc : f32
      linalg.yield %sum : f32
    }
  %empty = tensor.empty() : tensor<f32>
  %start = linalg.fill ins(%lowest : f32) outs(%empty : tensor<f32>) -> tensor<f32>
  %largest = linalg.reduce ins(%sums : tensor<4xf32>) outs(%start : tensor<f32>) dimensions = [0]
    (%in: f32, %acc: f32) {
      %max = arith.maximumf %in, %acc : f32
      linalg.yield %max : f32
    }
  return %sums, %largest : tensor<4xf32>, tensor<f32>
}
