// What is to stay in memory is held back from MLIR's fusion by a barrier between producer and consumer.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow --mlir-print-ir-after=insert-fusion-barriers -o %t %s 2>&1 | filecheck %s

func.func @f(%row: tensor<8xf32>, %a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = math.exp %row : tensor<8xf32>
  %e = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.broadcast ins(%0 : tensor<8xf32>) outs(%e : tensor<4x8xf32>) dimensions = [0]
  %2 = arith.addf %a, %1 : tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// CHECK-LABEL: IR Dump After insert-fusion-barriers
// CHECK: %[[EXP:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<8xf32>)
// CHECK: math.exp
// CHECK: %[[KEPT:.*]] = "gossamer.fusion_barrier"(%[[EXP]])
// CHECK: linalg.generic {{.*}}%[[KEPT]]
