// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
// An operation of IREE's dialects whose text does not fit its format.
func.func @f(%a: tensor<4xf32>) {
  util.global.store %a @g : tensor<4xf32>
  return
}
// CHECK: foreign_syntax.mlir:4:24: error: expected ','
// CHECK-NEXT:    4 |   util.global.store %a @g : tensor<4xf32>
// CHECK-NEXT:      |                        ^
