// Another shape for the same elements is another name for the same bytes.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<?x4xf32>) -> tensor<?xf32> {
  %0 = tensor.collapse_shape %a [[0, 1]] : tensor<?x4xf32> into tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK: func.func @f(%[[A:.*]]: tensor<?x4xf32>)
// CHECK: %[[ROWS:.*]] = tensor.dim %[[A]], %c0
// CHECK: %[[SIZE:.*]] = arith.muli %[[ROWS]], %c4
// CHECK: "flow.tensor.reshape"(%[[A]], %[[SIZE]]) : (tensor<?x4xf32>, index) -> tensor<?xf32>
// CHECK-NOT: flow.dispatch
