// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
// RUN: iree-compile --iree-hal-target-backends=vmvx --iree-input-demote-f64-to-f32=false --compile-to=stream %s -o - | filecheck %s --check-prefix=KEPT
util.global private @w = #flow.parameter.named<"model"::"w"> : tensor<4xf64>
func.func @f() -> tensor<4xf64> {
  %0 = util.global.load @w : tensor<4xf64>
  return %0 : tensor<4xf64>
}
// CHECK: parameter_type.mlir:3:1: error: global '@w' is loaded from a parameter, which holds a tensor<4xf64>, not a tensor<4xf32>
// CHECK: hint: --iree-input-demote-f64-to-f32=false keeps the type
// KEPT: %w = load parameters 'model'::['w']
