// An element of a concatenation is one of the operand whose range it is in.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4xf32>, %b: tensor<2xf32>) -> tensor<6xf32> {
  %0 = tensor.concat dim(0) %a, %b : (tensor<4xf32>, tensor<2xf32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

// CHECK: scf.for %[[I:.*]] = %c0 to %c6 step
// CHECK: %[[FIRST:.*]] = arith.cmpi slt, %[[I]], %c4
// CHECK: scf.if %[[FIRST]]
// CHECK: memref.load %[[A:.*]][%[[I]]]
// CHECK: } else {
// CHECK: %[[POSITION:.*]] = arith.subi %[[I]], %c4
// CHECK: memref.load %{{.*}}[%[[POSITION]]]
