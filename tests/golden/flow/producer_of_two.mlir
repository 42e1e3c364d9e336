// A result that two dispatches read is computed once, and kept.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<8x4xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %z = arith.constant dense<0.0> : tensor<8xf32>
  %e = math.exp %a : tensor<8x4xf32>
  %0 = linalg.reduce { arith.addf } ins(%e : tensor<8x4xf32>) outs(%z : tensor<8xf32>) dimensions = [1]
  %1 = linalg.reduce { arith.maximumf } ins(%e : tensor<8x4xf32>) outs(%z : tensor<8xf32>) dimensions = [1]
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// CHECK: func.func @f_dispatch_0_
// CHECK: math.exp
// CHECK-NOT: math.exp
// CHECK: func.func @f(
// CHECK: %[[EXP:.*]] = "flow.dispatch"(%{{.*}}) {executable = @f_dispatch_0
// CHECK: %[[KEPT:.*]] = "flow.tensor.reshape"(%[[EXP]])
// CHECK: "flow.dispatch"(%[[KEPT]]) {executable = @f_dispatch_1
// CHECK: "flow.dispatch"(%[[KEPT]]) {executable = @f_dispatch_2
