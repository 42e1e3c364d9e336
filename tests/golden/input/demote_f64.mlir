// RUN: iree-compile --compile-to=input %s 2>&1 | filecheck %s
// RUN: iree-compile --compile-to=input --iree-input-demote-f64-to-f32=false %s 2>&1 | filecheck %s --check-prefix=KEEP
// IREE narrows f64 by default, and so do we; numbers out of range become the largest f32.
// CHECK: func.func @f(%{{.*}}: tensor<2xf32>) -> tensor<2xf32>
// CHECK: arith.constant dense<[1.500000e+00, 3.40282347E+38]> : tensor<2xf32>
// CHECK-NOT: arith.extf
// CHECK: demote_f64.mlir:12:1: warning: exported function '@f' changed from (tensor<2xf64>) -> tensor<2xf64> to (tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   12 | func.func @f(
// CHECK: hint: --iree-input-demote-f64-to-f32=false keeps its type
// KEEP: func.func @f(%{{.*}}: tensor<2xf64>) -> tensor<2xf64>
// KEEP: arith.extf
func.func @f(%a: tensor<2xf64>) -> tensor<2xf64> {
  %c = arith.constant dense<[1.5, 1.0e300]> : tensor<2xf64>
  %0 = arith.addf %a, %c : tensor<2xf64>
  %1 = arith.truncf %0 : tensor<2xf64> to tensor<2xf32>
  %2 = arith.extf %1 : tensor<2xf32> to tensor<2xf64>
  return %2 : tensor<2xf64>
}
