// A dispatch takes the tensors and scalars that its operations use, then each size of a result that its type does
// not state. `b` is not among them: its elements are not read, and of its size the result tells.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<?xf32>, %b: tensor<4x?xf32>, %x: f32) -> tensor<4x?xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> ()>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%a, %x : tensor<?xf32>, f32) outs(%b : tensor<4x?xf32>) {
  ^bb0(%in: f32, %y: f32, %out: f32):
    %1 = arith.mulf %in, %y : f32
    linalg.yield %1 : f32
  } -> tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_broadcast_4xD_f32(%{{.*}}: tensor<?xf32>, %{{.*}}: f32, %{{.*}}: index) -> tensor<4x?xf32>
// CHECK-LABEL: func.func @f(
// CHECK-SAME: %[[A:.*]]: tensor<?xf32>, %[[B:.*]]: tensor<4x?xf32>, %[[X:.*]]: f32)
// CHECK: %[[DIM:.*]] = tensor.dim %[[B]], %c1
// CHECK: "flow.dispatch"(%[[A]], %[[X]], %[[DIM]]) {executable = @f_dispatch_0, operand_count = 2 : i64}
