// A sum of f16 is carried in f32. Operations under the mark are done in f32 later on, and the conversions around them
// go, so that nothing is rounded in between.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets --mlir-print-ir-after=emit-kernel \
// RUN:   -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4xf16>) -> tensor<f16> {
  %z = arith.constant dense<0.0> : tensor<f16>
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<4xf16>) outs(%z : tensor<f16>) dimensions = [0]
  return %0 : tensor<f16>
}

// CHECK: %[[SUM:.*]] = scf.for {{.*}} -> (f32)
// CHECK: %[[ADDED:.*]] = arith.addf {{.*}}gossamer.carried} : f16
// CHECK-NEXT: %[[CARRIED:.*]] = arith.extf %[[ADDED]] {gossamer.carried} : f16 to f32
// CHECK-NEXT: scf.yield %[[CARRIED]] : f32
// CHECK: arith.truncf %[[SUM]] {gossamer.carried} : f32 to f16
