// RUN: iree-compile --compile-to=input %s | filecheck %s
// CHECK-LABEL: func.func @f
// CHECK: linalg.generic
// CHECK: math.absf
// CHECK-NOT: tosa
func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tosa.abs %a : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
