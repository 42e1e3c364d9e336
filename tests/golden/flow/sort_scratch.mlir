// A sort merges in memory beside the tensor: a second result, which nothing reads.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<?xi32>) -> tensor<?xi32> {
  %0 = iree_linalg_ext.sort dimension(0) outs(%a : tensor<?xi32>) {
  ^bb0(%l: i32, %r: i32):
    %1 = arith.cmpi slt, %l, %r : i32
    iree_linalg_ext.yield %1 : i1
  } -> tensor<?xi32>
  return %0 : tensor<?xi32>
}

// CHECK: func.func @f_dispatch_0_sort_Dxi32(%[[A:.*]]: tensor<?xi32>, %{{.*}}: index, %[[SIZE:.*]]: index)
// CHECK: %[[SCRATCH:.*]] = tensor.empty(%[[SIZE]])
// CHECK: "iree_linalg_ext.sort"(%[[A]], %[[SCRATCH]])
// CHECK-LABEL: func.func @f(
// CHECK: %[[SORTED:.*]]:2 = "flow.dispatch"
// CHECK: return %[[SORTED]]#0
