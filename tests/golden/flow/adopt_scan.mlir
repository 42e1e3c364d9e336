// Torch's operations are those of `iree_linalg_ext` under other names. An empty second region tells MLIR that the
// operation holds no symbols, and so does not keep its function from being inlined.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow --mlir-print-ir-after=adopt-extended-ops -o %t %s 2>&1 | filecheck %s

func.func @f(%a: tensor<8xi32>, %o: tensor<8xi32>, %z: tensor<i32>) -> tensor<8xi32> {
  %0:2 = "tm_tensor.scan"(%a, %o, %z) ({
  ^bb0(%x: i32, %y: i32):
    %1 = arith.addi %x, %y : i32
    "tm_tensor.yield"(%1) : (i32) -> ()
  }) {dimension = 0 : i64, inclusive = true, operandSegmentSizes = array<i32: 1, 2>}
      : (tensor<8xi32>, tensor<8xi32>, tensor<i32>) -> (tensor<8xi32>, tensor<i32>)
  return %0#0 : tensor<8xi32>
}

// CHECK-LABEL: IR Dump After adopt-extended-ops
// CHECK: "iree_linalg_ext.scan"
// CHECK: "iree_linalg_ext.yield"
// CHECK-NEXT: }, {
// CHECK-NEXT: }) {dimension = 0 : i64, inclusive = true
