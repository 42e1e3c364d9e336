// An element of a gather is read where the indices say.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<8x4xf32>, %i: tensor<3xi32>, %o: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = iree_linalg_ext.gather dimension_map = [0] ins(%a, %i : tensor<8x4xf32>, tensor<3xi32>) outs(%o : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// CHECK: scf.for %[[SLICE:.*]] = %c0 to %c3 step
// CHECK: scf.for %[[WITHIN:.*]] = %c0 to %c4 step
// CHECK: %[[INDEX:.*]] = memref.load %{{.*}}[%[[SLICE]]] : memref<?xi32>
// CHECK: %[[ROW:.*]] = arith.index_cast %[[INDEX]]
// CHECK: %[[START:.*]] = arith.muli %[[ROW]], %c4
// CHECK: %[[POSITION:.*]] = arith.addi %[[START]], %[[WITHIN]]
// CHECK: memref.load %{{.*}}[%[[POSITION]]] : memref<?xf32>
