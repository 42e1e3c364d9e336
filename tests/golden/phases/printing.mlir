// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow --mlir-print-ir-after=cse %s 2>&1 | filecheck %s
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow --mlir-timing %s 2>&1 | filecheck %s --check-prefix=TIME
// CHECK: // -----// IR Dump After cse //----- //
// CHECK: module
// TIME: s  phase input
// TIME: s    canonicalize
// TIME: s  phase flow
func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}
