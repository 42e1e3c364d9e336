// What follows a reduction element by element joins its dispatch: sums are finished where they are made.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<4x16xf32>, %b: tensor<16x8xf32>, %c: tensor<4x8xf32>, %z: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<4x16xf32>, tensor<16x8xf32>) outs(%z : tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = arith.addf %0, %c : tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK: func.func @f_dispatch_0_matmul_4x8x16_f32
// CHECK: %[[PRODUCT:.*]] = linalg.generic {{.*}}"reduction"]
// CHECK: linalg.generic {{.*}} ins(%[[PRODUCT]], %{{.*}} :
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.addf
// CHECK-NOT: @f_dispatch_1
