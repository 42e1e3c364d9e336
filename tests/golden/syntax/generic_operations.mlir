// RUN: iree-compile --compile-to=start %s | filecheck %s
func.func @f(%a: tensor<?x4xf32>, %n: index, %i: index) -> tensor<?x4xf32> {
  // CHECK: "flow.tensor.load"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) {operandSegmentSizes = array<i32: 1, 2, 1>} : (tensor<?x4xf32>, index, index, index) -> f32
  %0 = flow.tensor.load %a[%i, %i] : tensor<?x4xf32>{%n}
  // CHECK: "flow.tensor.splat"(%{{.*}}, %{{.*}}) : (f32, index) -> tensor<?x4xf32>
  %1 = flow.tensor.splat %0 : tensor<?x4xf32>{%n}
  // CHECK: "util.optimization_barrier"(%{{.*}}) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = util.optimization_barrier %1 : tensor<?x4xf32>
  // CHECK: "check.expect_almost_eq"(%{{.*}}, %{{.*}}) {rtol = 1.000000e-01 : f32} : (tensor<?x4xf32>, tensor<?x4xf32>) -> ()
  check.expect_almost_eq(%2, %1, rtol 0.1) : tensor<?x4xf32>
  // CHECK: "hal.tensor.export"(%{{.*}}, %{{.*}}) {name = "out", source_encoding = tensor<?x4xf32>}
  %3 = hal.tensor.export %2 "out" : tensor<?x4xf32>{%n} -> !hal.buffer_view
  return %2 : tensor<?x4xf32>
}
