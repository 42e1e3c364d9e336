// A scan goes along each line with the running value; the first element starts it.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<3x8xi32>, %o: tensor<3x8xi32>, %z: tensor<3xi32>) -> tensor<3x8xi32> {
  %0:2 = iree_linalg_ext.scan dimension(1) inclusive(true) ins(%a : tensor<3x8xi32>) outs(%o, %z : tensor<3x8xi32>, tensor<3xi32>) {
  ^bb0(%x: i32, %y: i32):
    %1 = arith.addi %x, %y : i32
    iree_linalg_ext.yield %1 : i32
  } -> tensor<3x8xi32>, tensor<3xi32>
  return %0#0 : tensor<3x8xi32>
}

// CHECK: func.func @f_dispatch_0_scan_3x8xi32(
// CHECK: scf.for %[[LINE:.*]] = %c0 to %c3 step
// CHECK: %[[START:.*]] = memref.load %{{.*}}[%[[LINE]]]
// CHECK: %[[FIRST:.*]] = scf.for %{{.*}} = %c0 to %c1 step %c1 iter_args(%{{.*}} = %[[START]])
// CHECK: %[[LAST:.*]] = scf.for %{{.*}} = %c1 to %c8 step %c1 iter_args(%[[RUNNING:.*]] = %[[FIRST]])
// CHECK: %[[X:.*]] = memref.load
// CHECK-NEXT: %[[NEXT:.*]] = arith.addi %[[RUNNING]], %[[X]]
// CHECK: scf.yield %[[NEXT]]
// CHECK: memref.store %[[LAST]], %{{.*}}[%[[LINE]]]
