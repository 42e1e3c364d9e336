// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
func.func private @helper(%a: tensor<4xf32>) -> tensor<4xf32>
func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @helper(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
// CHECK: import_without_module.mlir:2:1: error: function '@helper' is declared without a body
// CHECK-NEXT:    2 | func.func private @helper(%a: tensor<4xf32>) -> tensor<4xf32>
// CHECK-NEXT:      | ^
// CHECK-NEXT:   in: phase abi
// CHECK-NEXT:   hint: name it '@module.helper'
