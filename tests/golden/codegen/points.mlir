// A kernel loops over the elements of a workgroup, here a stretch of 65536 elements that the workgroup's number tells.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<100000xf32>) -> tensor<100000xf32> {
  %0 = math.absf %a : tensor<100000xf32>
  return %0 : tensor<100000xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_100000_f32(
// CHECK-SAME: %[[A:.*]]: memref<?xf32>, %[[RESULT:.*]]: memref<?xf32>, %[[NUMBER:.*]]: index)
// CHECK: %[[LOWER:.*]] = arith.muli %[[NUMBER]], %c65536
// CHECK: %[[END:.*]] = arith.addi %[[LOWER]], %c65536
// CHECK: %[[UPPER:.*]] = arith.minsi %[[END]], %c100000
// CHECK: scf.for %[[I:.*]] = %[[LOWER]] to %[[UPPER]]
// CHECK: %[[X:.*]] = memref.load %[[A]][%[[I]]]
// CHECK: %[[Y:.*]] = math.absf %[[X]]
// CHECK: memref.store %[[Y]], %[[RESULT]][%[[I]]]
