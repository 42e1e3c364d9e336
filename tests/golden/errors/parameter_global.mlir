// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
util.global private @w = #flow.parameter.named<"model"::"w"> : tensor<4xf32>
func.func @f() -> tensor<4xf32> {
  %0 = util.global.load @w : tensor<4xf32>
  return %0 : tensor<4xf32>
}
// CHECK: parameter_global.mlir:2:1: error: initial value of global '@w' is #flow.parameter.named<"model"::"w"> : tensor<4xf32>, which is not supported
// CHECK: hint: give it a literal, or store to it in a util.initializer
