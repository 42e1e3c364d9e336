// A scatter copies the original, then applies one update after the other; one outside of the tensor is left out.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%u: tensor<3xi32>, %i: tensor<3x1xi32>, %o: tensor<8xi32>) -> tensor<8xi32> {
  %0 = iree_linalg_ext.scatter dimension_map = [0] unique_indices(false) ins(%u, %i : tensor<3xi32>, tensor<3x1xi32>) outs(%o : tensor<8xi32>) {
  ^bb0(%x: i32, %y: i32):
    %1 = arith.addi %x, %y : i32
    iree_linalg_ext.yield %1 : i32
  } -> tensor<8xi32>
  return %0 : tensor<8xi32>
}

// CHECK: func.func @f_dispatch_0_scatter_8xi32(
// CHECK: scf.for %{{.*}} = %c0 to %c8 step
// CHECK: memref.store %{{.*}}, %[[RESULT:.*]][
// CHECK: scf.for %[[UPDATE:.*]] = %c0 to %c3 step
// CHECK: %[[INDEX:.*]] = arith.index_cast
// CHECK: %[[FROM:.*]] = arith.cmpi sge, %[[INDEX]], %c0
// CHECK: %[[TO:.*]] = arith.cmpi slt, %[[INDEX]], %c8
// CHECK: %[[INSIDE:.*]] = arith.andi %[[FROM]], %[[TO]]
// CHECK: scf.if %[[INSIDE]]
// CHECK: %[[NEW:.*]] = memref.load %{{.*}}[%[[UPDATE]]]
// CHECK: %[[OLD:.*]] = memref.load %[[RESULT]]
// CHECK: %[[SUM:.*]] = arith.addi %[[NEW]], %[[OLD]]
// CHECK: memref.store %[[SUM]], %[[RESULT]]
