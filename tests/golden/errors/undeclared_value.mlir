// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
// MLIR's own parser: file, line, column, the line and a caret.
func.func @f(%a: i32) -> i32 {
  %b = arith.addi %a, %c : i32
  return %b : i32
}
// CHECK: undeclared_value.mlir:4:23: error: use of undeclared SSA value name
// CHECK-NEXT:    4 |   %b = arith.addi %a, %c : i32
// CHECK-NEXT:      |                       ^
// CHECK-NOT: error
