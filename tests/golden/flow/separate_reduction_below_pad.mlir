// Padding asks for each element under a condition. What is padded here is summed by rows, so padding has a dispatch
// of its own, which takes elementwise operations behind the sum.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<4x16xf32>, %b: tensor<16x8xf32>) -> tensor<6x8xf32> {
  %z = arith.constant 0.0 : f32
  %e = arith.constant dense<0.0> : tensor<4x8xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<4x16xf32>, tensor<16x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = tensor.pad %0 low[1, 0] high[1, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %z : f32
  } : tensor<4x8xf32> to tensor<6x8xf32>
  return %1 : tensor<6x8xf32>
}

// CHECK: func.func @f_dispatch_0_matmul_4x8x16_f32(
// CHECK-NOT: tensor.pad
// CHECK: return
// CHECK: func.func @f_dispatch_1_slow_memcpy(
// CHECK: tensor.pad
