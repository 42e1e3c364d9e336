// Dispatches that do the same share an executable.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<8xf32>) -> tensor<8xf32> {
  %0 = math.absf %a : tensor<8xf32>
  return %0 : tensor<8xf32>
}
func.func @g(%a: tensor<8xf32>) -> tensor<8xf32> {
  %0 = math.absf %a : tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_8_f32
// CHECK-LABEL: func.func @f(
// CHECK: "flow.dispatch"(%{{.*}}) {executable = @f_dispatch_0
// CHECK-NOT: @g_dispatch_0
// CHECK-LABEL: func.func @g(
// CHECK: "flow.dispatch"(%{{.*}}) {executable = @f_dispatch_0
