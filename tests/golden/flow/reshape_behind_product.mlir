// A reshape that splits the rows of a matrix product stays behind what follows the product, where it is the host's: the
// kernel goes along whole rows.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<4x16xf32>, %b: tensor<16x12xf32>, %c: tensor<4x12xf32>) -> tensor<4x3x4xf32> {
  %z = arith.constant dense<0.0> : tensor<4x12xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<4x16xf32>, tensor<16x12xf32>) outs(%z : tensor<4x12xf32>) -> tensor<4x12xf32>
  %1 = arith.addf %0, %c : tensor<4x12xf32>
  %2 = tensor.expand_shape %1 [[0], [1, 2]] output_shape [4, 3, 4] : tensor<4x12xf32> into tensor<4x3x4xf32>
  %3 = math.absf %2 : tensor<4x3x4xf32>
  return %3 : tensor<4x3x4xf32>
}

// CHECK: func.func @f_dispatch_0_matmul_4x12x16_f32(
// CHECK-SAME: -> tensor<4x12xf32>
// CHECK: arith.addf
// CHECK: return
