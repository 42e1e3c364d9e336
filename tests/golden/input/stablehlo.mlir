// RUN: iree-compile --compile-to=input %s | filecheck %s
// CHECK-LABEL: func.func @f
// CHECK: linalg.generic
// CHECK-NOT: stablehlo
func.func @f(%a: tensor<4xf32>, %b: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = "chlo.broadcast_add"(%a, %b) : (tensor<4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}
