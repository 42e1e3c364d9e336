// A softmax is four operations: the largest of each row, powers of the distances from it, their sum, quotients.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow --mlir-print-ir-after=expand-softmax -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4x8xf32>, %o: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = linalg.softmax dimension(1) ins(%a : tensor<4x8xf32>) outs(%o : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: IR Dump After expand-softmax
// CHECK: func.func @f(%[[A:.*]]: tensor<4x8xf32>, %{{.*}}: tensor<4x8xf32>)
// CHECK: %[[LARGEST:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[A]] :
// CHECK: arith.maximumf
// CHECK: %[[POWERS:.*]] = linalg.generic {{.*}} ins(%[[A]], %[[LARGEST]] :
// CHECK: arith.subf
// CHECK-NEXT: math.exp
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}}"reduction"{{.*}} ins(%[[POWERS]] :
// CHECK: arith.addf
// CHECK: linalg.generic {{.*}} ins(%[[POWERS]], %[[SUM]] :
// CHECK: arith.divf
