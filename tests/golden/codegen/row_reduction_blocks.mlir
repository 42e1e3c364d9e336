// A long reduction is taken in blocks, here of 1024 steps: what a block reads of `b` is in the cache for all rows.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4x4096xf32>, %b: tensor<4096x8xf32>) -> tensor<4x8xf32> {
  %z = arith.constant dense<0.0> : tensor<4x8xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<4x4096xf32>, tensor<4096x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK: func.func @f_dispatch_0_matmul_4x8x4096_f32(
// CHECK: memref.store %cst
// CHECK: scf.for %[[BLOCK:.*]] = %c0 to %c4 step
// CHECK: arith.muli %[[BLOCK]], %c1024
// CHECK: scf.for %[[ROWS:.*]] = %c0 to %c1 step
// CHECK: scf.for %[[STEPS:.*]] = %c0 to %c256 step
// CHECK: scf.for %[[COLUMN:.*]] = %c0 to %c8 step
