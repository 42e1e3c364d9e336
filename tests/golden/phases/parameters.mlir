// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=stream %s -o - | filecheck %s
util.global private @w = #flow.parameter.named<"model"::"w"> : tensor<4xf32>
util.global private mutable @m = #stream.parameter.named<"model"::"m"> : tensor<2xi64>
util.global private @v = #flow.parameter.named<"model"::"v"> : tensor<3xi8>
util.global private @g = #flow.parameter.named<"no scope"> : tensor<f32>
util.global private @unused = #flow.parameter.named<"unused"> : tensor<f32>
func.func @f() -> (tensor<4xf32>, tensor<2xi64>, tensor<3xi8>, tensor<f32>) {
  %0 = util.global.load @w : tensor<4xf32>
  %1 = util.global.load @m : tensor<2xi64>
  %2 = util.global.load @v : tensor<3xi8>
  %3 = util.global.load @g : tensor<f32>
  return %0, %1, %2, %3 : tensor<4xf32>, tensor<2xi64>, tensor<3xi8>, tensor<f32>
}
// CHECK-LABEL: func @__init_globals()
// CHECK-NOT: unused
// CHECK: %w, %v = load parameters 'model'::['w', 'v'] => %loaded0
// CHECK: %m = load mutable parameters 'model'::['m'] => %loaded1
// CHECK: %g = load parameters ''::['no scope'] => %loaded2
// CHECK: await %loaded0, %loaded1, %loaded2
// CHECK: store @w = %w
// CHECK: store @v = %v
// CHECK: store @m = %m
// CHECK: store @g = %g
