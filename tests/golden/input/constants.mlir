// RUN: iree-compile --compile-to=input %s | filecheck %s
// CHECK-LABEL: func.func @f()
func.func @f() {
  // CHECK: %[[CST:.*]] = arith.constant dense<[1, 2]> : tensor<2xi32>
  // CHECK: %[[BARRIER:.*]] = "util.optimization_barrier"(%[[CST]])
  %0 = util.unfoldable_constant dense<[1, 2]> : tensor<2xi32>
  // CHECK: %[[EXPECTED:.*]] = arith.constant dense<[1, 2]> : tensor<2xi32>
  // CHECK: "check.expect_eq"(%[[BARRIER]], %[[EXPECTED]])
  check.expect_eq_const(%0, dense<[1, 2]> : tensor<2xi32>) : tensor<2xi32>
  return
}
