// Dimensions of size one go: kernels have no loops for them.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<1x8x1xf32>) -> tensor<1x8x1xf32> {
  %0 = math.absf %a : tensor<1x8x1xf32>
  return %0 : tensor<1x8x1xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_8_f32(%{{.*}}: tensor<8xf32>) -> tensor<8xf32>
// CHECK-LABEL: func.func @f(
// CHECK: "flow.tensor.reshape"(%{{.*}}) : (tensor<1x8x1xf32>) -> tensor<8xf32>
