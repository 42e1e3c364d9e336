// A matrix product, by rows: four rows of the result and four steps of the reduction at once. What they read of `a`
// is the same for whole rows; what they read of `b`, once for all rows, and the sums are neighbours along the row.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4x16xf32>, %b: tensor<16x8xf32>, %c: tensor<8xf32>) -> tensor<4x8xf32> {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<4x16xf32>, tensor<16x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK: func.func @f_dispatch_0_matmul_4x8x16_f32(
// CHECK-SAME: %[[A:.*]]: memref<?xf32>, %[[B:.*]]: memref<?xf32>, %[[C:.*]]: memref<?xf32>)
// CHECK: memref.store %cst, %[[C]]
// CHECK: scf.for %{{.*}} = %c0 to %c1 step
// CHECK: scf.for %[[STEPS:.*]] = %c0 to %c4 step
// CHECK-COUNT-16: memref.load %[[A]]
// CHECK: scf.for %[[COLUMN:.*]] = %c0 to %c8 step
// CHECK-COUNT-4: memref.load %[[C]]
// CHECK-COUNT-4: memref.load %[[B]]
// CHECK-NOT: memref.load
// CHECK-COUNT-4: memref.store %{{.*}}, %[[C]]
