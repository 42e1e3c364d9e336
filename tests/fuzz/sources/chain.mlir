// Several dispatches in one command buffer, with transient memory between them.
func.func @run(%input: tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<f32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
  %sum = linalg.reduce ins(%input : tensor<16xf32>) outs(%start : tensor<f32>) dimensions = [0]
    (%in: f32, %acc: f32) {
      %next = arith.addf %in, %acc : f32
      linalg.yield %next : f32
    }
  %wide_empty = tensor.empty() : tensor<16xf32>
  %wide = linalg.broadcast ins(%sum : tensor<f32>) outs(%wide_empty : tensor<16xf32>) dimensions = [0]
  %difference = arith.subf %input, %wide : tensor<16xf32>
  %square = arith.mulf %difference, %difference : tensor<16xf32>
  %square_sum = linalg.reduce ins(%square : tensor<16xf32>) outs(%start : tensor<f32>) dimensions = [0]
    (%in: f32, %acc: f32) {
      %next = arith.addf %in, %acc : f32
      linalg.yield %next : f32
    }
  %variance = linalg.broadcast ins(%square_sum : tensor<f32>) outs(%wide_empty : tensor<16xf32>) dimensions = [0]
  return %difference, %variance : tensor<16xf32>, tensor<16xf32>
}
