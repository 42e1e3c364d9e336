// Memory that is used in one submission alone is a transient: allocated with the submission, and never seen
// by the caller. What reads it comes after a barrier.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=stream %s | filecheck %s
// CHECK: %[[RESULT:.*]] = allocate 128 bytes
// CHECK-NEXT: %[[SCRATCH:transients]] = allocate 64 bytes
// CHECK: dispatch @twice_dispatch_0{{.*}} wo %[[SCRATCH]][0 for 64]
// CHECK-NEXT: barrier
// CHECK-NEXT: dispatch @twice_dispatch_1{{.*}} ro %[[SCRATCH]][0 for 64], {{.*}} wo %[[RESULT]][0 for 128]
func.func @twice(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<4x4xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %ab = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>) outs(%f0 : tensor<4x4xf32>) -> tensor<4x4xf32>
  %e1 = tensor.empty() : tensor<4x8xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x8xf32>) -> tensor<4x8xf32>
  %abc = linalg.matmul ins(%ab, %c : tensor<4x4xf32>, tensor<4x8xf32>) outs(%f1 : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %abc : tensor<4x8xf32>
}
