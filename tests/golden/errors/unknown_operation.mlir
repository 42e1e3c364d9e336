// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
func.func @f() {
  util.nonsense
  return
}
// CHECK: unknown_operation.mlir:3:3: error: unknown operation 'util.nonsense'
// CHECK-NEXT:    3 |   util.nonsense
// CHECK-NEXT:      |   ^
// CHECK-NEXT:   hint: IREE's operations without declared syntax are accepted in generic form
