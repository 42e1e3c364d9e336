// A row of a transposed tensor reads a column of the other. Rows are written 16 elements at a time, so that the lines
// of memory that a stretch reads are still in the cache for the next row.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<64x40xf32>) -> tensor<40x64xf32> {
  %e = tensor.empty() : tensor<40x64xf32>
  %0 = linalg.transpose ins(%a : tensor<64x40xf32>) outs(%e : tensor<40x64xf32>) permutation = [1, 0]
  return %0 : tensor<40x64xf32>
}

// CHECK: func.func @f_dispatch_0_transpose_64x40_f32(
// CHECK: scf.for %[[STRETCH:.*]] = %c0 to %c4 step
// CHECK: %[[LOWER:.*]] = arith.muli %[[STRETCH]], %c16
// CHECK: %[[UPPER:.*]] = arith.addi %[[LOWER]], %c16
// CHECK: scf.for %{{.*}} = %c0 to %c40 step
// CHECK: scf.for %{{.*}} = %[[LOWER]] to %[[UPPER]] step
// CHECK: memref.store
