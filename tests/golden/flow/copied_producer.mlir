// A transposition costs a kernel only other indices, so that each of its readers has a copy of it.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<8x4xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %t = linalg.transpose ins(%a : tensor<8x4xf32>) outs(%e : tensor<4x8xf32>) permutation = [1, 0]
  %0 = linalg.reduce { arith.addf } ins(%t : tensor<4x8xf32>) outs(%z : tensor<8xf32>) dimensions = [0]
  %1 = linalg.reduce { arith.maximumf } ins(%t : tensor<4x8xf32>) outs(%z : tensor<8xf32>) dimensions = [0]
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// CHECK: func.func @f_dispatch_0_reduction_4x8_f32(%[[A:.*]]: tensor<8x4xf32>)
// CHECK: %[[T:.*]] = linalg.generic {{.*}} ins(%[[A]] : tensor<8x4xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[T]] : tensor<4x8xf32>)
// CHECK: func.func @f_dispatch_1_reduction_4x8_f32(%[[B:.*]]: tensor<8x4xf32>)
// CHECK: linalg.generic {{.*}} ins(%[[B]] : tensor<8x4xf32>)
