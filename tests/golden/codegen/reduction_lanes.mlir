// A sum of floats is made of eight: each iteration adds to all of them, none waits for another. They are added up at
// the end, then what eight do not divide.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4x20xf32>) -> tensor<4xf32> {
  %z = arith.constant dense<0.0> : tensor<4xf32>
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<4x20xf32>) outs(%z : tensor<4xf32>) dimensions = [1]
  return %0 : tensor<4xf32>
}

// CHECK: func.func @f_dispatch_0_reduction_4x20_f32(
// CHECK: %[[LANES:.*]]:8 = scf.for %{{.*}} = %c0 to %c2 step
// CHECK-COUNT-8: memref.load
// CHECK: scf.yield
// CHECK: arith.addf %[[LANES]]#0, %[[LANES]]#4
// CHECK: scf.for %{{.*}} = %c16 to %c20 step
// CHECK: memref.load
// CHECK-NEXT: arith.addf
