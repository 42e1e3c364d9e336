// RUN: iree-compile --iree-hal-target-backends=vmvx --iree-parameter-splat=%t.irpa %s -o %t.vmfb
// RUN: gossamer dump-parameters --parameters=%t.irpa | filecheck %s
util.global private @w = #flow.parameter.named<"model"::"w"> : tensor<4xf32>
util.global private mutable @m = #flow.parameter.named<"other"::"m"> : tensor<2xi64>
util.global private @again = #flow.parameter.named<"other"::"w"> : tensor<5xf32>
func.func @f() -> (tensor<4xf32>, tensor<2xi64>, tensor<5xf32>) {
  %0 = util.global.load @w : tensor<4xf32>
  %1 = util.global.load @m : tensor<2xi64>
  %2 = util.global.load @again : tensor<5xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<2xi64>, tensor<5xf32>
}
// CHECK: Parameter scope <global> (2 entries, 36 total bytes)
// CHECK-DAG: - |                - |               20 | `w`
// CHECK-DAG: - |                - |               16 | `m`
