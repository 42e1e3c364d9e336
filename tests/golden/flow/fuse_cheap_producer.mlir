// Each element of the row is read four times, but to convert it again costs less than to keep the result.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%row: tensor<8xf16>, %a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = arith.extf %row : tensor<8xf16> to tensor<8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.broadcast ins(%0 : tensor<8xf32>) outs(%e : tensor<4x8xf32>) dimensions = [0]
  %2 = arith.addf %a, %1 : tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_4x8_f32xf16xf32
// CHECK: arith.extf
// CHECK: arith.addf
// CHECK-NOT: @f_dispatch_1
