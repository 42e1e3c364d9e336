// A softmax, row by row: the largest number and the sum are computed once for a row; the exponentials are in the memory
// of the result until the quotients take their place.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %e = tensor.empty() : tensor<4x8xf32>
  %0 = linalg.softmax dimension(1) ins(%a : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK: func.func @f_dispatch_0_reduction_4x8_f32(%[[A:.*]]: memref<?xf32>, %[[R:.*]]: memref<?xf32>)
// CHECK: scf.for %{{.*}} = %c0 to %c4 step
// CHECK: %[[LARGEST:.*]] = scf.for {{.*}} iter_args
// CHECK: memref.load %[[A]]
// CHECK-NEXT: arith.maximumf
// CHECK: scf.for %{{.*}} = %c0 to %c8 step
// CHECK: memref.load %[[A]]
// CHECK-NEXT: arith.subf %{{.*}}, %[[LARGEST]]
// CHECK-NEXT: math.exp
// CHECK-NEXT: memref.store %{{.*}}, %[[R]]
// CHECK: %[[SUM:.*]] = scf.for {{.*}} iter_args
// CHECK: memref.load %[[R]]
// CHECK-NEXT: arith.addf
// CHECK: scf.for %{{.*}} = %c0 to %c8 step
// CHECK: %[[POWER:.*]] = memref.load %[[R]]
// CHECK-NEXT: arith.divf %[[POWER]], %[[SUM]]
// CHECK-NEXT: memref.store %{{.*}}, %[[R]]
// CHECK-NOT: memref.load
