// Private functions are inlined, so that dispatches form across calls.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func private @square(%a: tensor<8xf32>) -> tensor<8xf32> {
  %0 = arith.mulf %a, %a : tensor<8xf32>
  return %0 : tensor<8xf32>
}
func.func @f(%a: tensor<8xf32>) -> tensor<8xf32> {
  %0 = func.call @square(%a) : (tensor<8xf32>) -> tensor<8xf32>
  %1 = func.call @square(%0) : (tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_8_f32
// CHECK: arith.mulf
// CHECK-NEXT: arith.mulf
// CHECK-LABEL: func.func @f(
// CHECK-NEXT: "flow.dispatch"
// CHECK-NOT: call
