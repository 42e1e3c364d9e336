// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
func.func @f() {
  fancy.op
  return
}
// CHECK: unknown_dialect.mlir:3:3: error: unknown operation 'fancy.op'
// CHECK: hint: the dialect 'fancy' is not known; lower its operations before compiling
