// What programs spell in IREE's `flow` dialect becomes an upstream operation where one says the same, so that it
// takes part in fusion.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow --mlir-print-ir-after=replace-foreign-ops -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<8x4xf32>, %i: index) -> tensor<2x4xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %0 = flow.tensor.slice %a[%i, %c0 for %c2, %c4] : tensor<8x4xf32> -> tensor<2x4xf32>
  %1 = flow.tensor.tie_shape %0 : tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// CHECK-LABEL: IR Dump After replace-foreign-ops
// CHECK: func.func @f(%[[A:.*]]: tensor<8x4xf32>, %[[I:.*]]: index)
// CHECK: tensor.extract_slice %[[A]][%[[I]], %c0] [2, 4] [1, 1]
// CHECK-NOT: flow.tensor
