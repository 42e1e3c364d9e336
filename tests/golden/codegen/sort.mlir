// A sort merges neighbouring stretches of each line, of one element, then two, then four: into the scratch memory, and
// back.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<3x8xi32>) -> tensor<3x8xi32> {
  %0 = iree_linalg_ext.sort dimension(1) outs(%a : tensor<3x8xi32>) {
  ^bb0(%l: i32, %r: i32):
    %1 = arith.cmpi slt, %l, %r : i32
    iree_linalg_ext.yield %1 : i1
  } -> tensor<3x8xi32>
  return %0 : tensor<3x8xi32>
}

// CHECK: func.func @f_dispatch_0_sort_3x8xi32(%{{.*}}, %[[LINE:.*]]: memref<?xi32>, %[[SCRATCH:.*]]: memref<?xi32>)
// CHECK: scf.for %{{.*}} = %c0 to %c3 step
// CHECK: memref.store %{{.*}}, %[[LINE]]
// CHECK: scf.for %[[PASS:.*]] = %c0 to %c3 step
// CHECK: %[[WIDTH:.*]] = arith.shli %c1, %[[PASS]]
// CHECK: scf.for {{.*}} -> (index, index)
// CHECK: arith.cmpi slt, %{{.*}}, %{{.*}} : i32
// CHECK: memref.store %{{.*}}, %[[SCRATCH]]
// CHECK: %[[MERGED:.*]] = memref.load %[[SCRATCH]]
// CHECK-NEXT: memref.store %[[MERGED]], %[[LINE]]
