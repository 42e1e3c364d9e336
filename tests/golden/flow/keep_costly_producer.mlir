// Each element of the row is read four times. An exponential costs more than a load, so the row is computed
// first, by a dispatch of its own, and read from memory.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%row: tensor<8xf32>, %a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = math.exp %row : tensor<8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.broadcast ins(%0 : tensor<8xf32>) outs(%e : tensor<4x8xf32>) dimensions = [0]
  %2 = arith.addf %a, %1 : tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_8_f32
// CHECK: math.exp
// CHECK: func.func @f_dispatch_1_elementwise_4x8_f32
// CHECK-NOT: math.exp
// CHECK: func.func @f(%[[ROW:.*]]: tensor<8xf32>, %[[A:.*]]: tensor<4x8xf32>)
// CHECK: %[[EXP:.*]] = "flow.dispatch"(%[[ROW]]) {executable = @f_dispatch_0
// CHECK: "flow.dispatch"(%[[A]], %[[EXP]]) {executable = @f_dispatch_1
