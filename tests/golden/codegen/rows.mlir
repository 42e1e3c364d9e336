// Results of more dimensions are shared out in rows and columns. Sizes that types do not state are arguments: the
// host passes them.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<?x?xf32>, %row: tensor<?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%row : tensor<?xf32>) outs(%a : tensor<?x?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %1 = arith.addf %x, %y : f32
    linalg.yield %1 : f32
  } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_DxD_f32(
// CHECK: scf.for %[[ROW:[a-z0-9]*]] =
// CHECK: scf.for %[[COLUMN:[a-z0-9]*]] =
// CHECK: memref.load %{{.*}}[%[[COLUMN]]]
// CHECK: %[[START:.*]] = arith.muli %[[ROW]], %{{.*}} : index
// CHECK: %[[POSITION:.*]] = arith.addi %[[START]], %[[COLUMN]]
// CHECK: memref.load %{{.*}}[%[[POSITION]]]
// CHECK: memref.store %{{.*}}, %{{.*}}[%[[POSITION]]]
