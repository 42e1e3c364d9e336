// What is normalised along its rows is one dispatch, with all sums and maxima of the rows: each runs once for a row.
// Of costly elements that are asked for again, one kind is kept in the memory of the result (here the exponentials);
// the sines, which two operations ask for too, have a dispatch of their own.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %0 = math.sin %a : tensor<4x8xf32>
  %1 = linalg.softmax dimension(1) ins(%0 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_32_f32(
// CHECK: math.sin
// CHECK: func.func @f_dispatch_1_reduction_4x8_f32(
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK: arith.divf
// CHECK-NOT: @f_dispatch_2
