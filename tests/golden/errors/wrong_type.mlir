// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
// The verifier's complaint, without the dump of the operation.
func.func @f(%a: i32) -> i32 {
  %b = arith.addf %a, %a : i32
  return %b : i32
}
// CHECK: wrong_type.mlir:4:8: error: 'arith.addf' op operand #0 must be floating-point-like, but got 'i32'
// CHECK-NEXT:    4 |   %b = arith.addf %a, %a : i32
// CHECK-NEXT:      |        ^
// CHECK-NOT: see current operation
