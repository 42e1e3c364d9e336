// Where all operands have one layout, one loop over all elements serves; a row that is read again for each row of the
// result needs both loops.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = math.absf %a : tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
func.func @g(%a: tensor<8x4xf32>, %row: tensor<4xf32>) -> tensor<8x4xf32> {
  %e = tensor.empty() : tensor<8x4xf32>
  %b = linalg.broadcast ins(%row : tensor<4xf32>) outs(%e : tensor<8x4xf32>) dimensions = [0]
  %0 = arith.addf %a, %b : tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_D_f32(%{{.*}}: tensor<?xf32>, %{{.*}}: index) -> tensor<?xf32>
// CHECK-LABEL: func.func @f(
// CHECK: %[[FLAT:.*]] = "flow.tensor.reshape"(%{{.*}}, %[[SIZE:.*]]) : (tensor<?x4xf32>, index) -> tensor<?xf32>
// CHECK: %[[RESULT:.*]] = "flow.dispatch"(%[[FLAT]], %[[SIZE]])
// CHECK: "flow.tensor.reshape"(%[[RESULT]], %{{.*}}) : (tensor<?xf32>, index) -> tensor<?x4xf32>
// CHECK: func.func @g_dispatch_0_elementwise_8x4_f32
