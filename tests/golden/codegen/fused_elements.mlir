// To ask for an element of the slice is to ask for one of the sum, which asks for one of `a` and for the scalar: no
// tensor in between is in memory.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<8xf32>, %x: f32) -> tensor<3xf32> {
  %0 = tensor.splat %x : tensor<8xf32>
  %1 = arith.addf %a, %0 : tensor<8xf32>
  %2 = tensor.extract_slice %1[2] [3] [2] : tensor<8xf32> to tensor<3xf32>
  return %2 : tensor<3xf32>
}

// CHECK: func.func @f_dispatch_0_
// CHECK: scf.for %[[I:.*]] = %c0 to %c3 step
// CHECK: %[[TWICE:.*]] = arith.muli %[[I]], %c2
// CHECK-NEXT: %[[POSITION:.*]] = arith.addi %c2, %[[TWICE]]
// CHECK-NEXT: %[[X:.*]] = memref.load %{{.*}}[%[[POSITION]]]
// CHECK-NEXT: %[[Y:.*]] = arith.addf %[[X]], %{{.*}} : f32
// CHECK-NEXT: memref.store %[[Y]], %{{.*}}[%[[I]]]
