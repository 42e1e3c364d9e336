// What follows a reduction by rows reads the sums from the memory of the result, and writes there.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4x16xf32>, %b: tensor<16x8xf32>) -> tensor<4x8xf32> {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<4x16xf32>, tensor<16x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = math.exp %0 : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK: func.func @f_dispatch_0_matmul_4x8x16_f32(%{{.*}}, %{{.*}}, %[[C:.*]]: memref<?xf32>)
// CHECK: arith.mulf
// CHECK: memref.store %{{.*}}, %[[C]]
// CHECK: %[[SUM:.*]] = memref.load %[[C]][%[[POSITION:.*]]]
// CHECK-NEXT: %[[POWER:.*]] = math.exp %[[SUM]]
// CHECK-NEXT: memref.store %[[POWER]], %[[C]][%[[POSITION]]]
