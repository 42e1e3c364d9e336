// An element of a padded tensor is one of the source or of the padding; only what is in the source is read.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4xf32>) -> tensor<6xf32> {
  %z = arith.constant 0.0 : f32
  %0 = tensor.pad %a low[1] high[1] {
  ^bb0(%i: index):
    tensor.yield %z : f32
  } : tensor<4xf32> to tensor<6xf32>
  return %0 : tensor<6xf32>
}

// CHECK: scf.for %[[I:.*]] = %c0 to %c6 step
// CHECK: %[[FROM:.*]] = arith.cmpi sge, %[[I]], %c1
// CHECK: %[[POSITION:.*]] = arith.subi %[[I]], %c1
// CHECK: %[[TO:.*]] = arith.cmpi slt, %[[POSITION]], %c4
// CHECK: %[[INSIDE:.*]] = arith.andi %[[FROM]], %[[TO]]
// CHECK: scf.if %[[INSIDE]]
// CHECK: memref.load %{{.*}}[%[[POSITION]]]
// CHECK: } else {
// CHECK-NEXT: scf.yield %cst
