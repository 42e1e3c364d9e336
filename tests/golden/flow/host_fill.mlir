// One scalar for all elements is a fill of memory, which takes no kernel.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%x: f32, %n: index) -> tensor<?x4xf32> {
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %0 = linalg.fill ins(%x : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK: func.func @f(%[[X:.*]]: f32, %[[N:.*]]: index)
// CHECK-NEXT: "flow.tensor.splat"(%[[X]], %[[N]]) : (f32, index) -> tensor<?x4xf32>
// CHECK-NOT: flow.dispatch
