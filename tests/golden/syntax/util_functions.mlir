// RUN: iree-compile --compile-to=input %s | filecheck %s
// CHECK: func.func private @other.scale(tensor<?xf32>) -> tensor<?xf32> attributes {gossamer.util_func}
util.func private @other.scale(%x: tensor<?xf32>) -> tensor<?xf32>
// CHECK-LABEL: func.func @run(
// CHECK-SAME: i32) -> (tensor<4xf32> {iree.abi.affinity = 1 : i64}, i32) attributes {gossamer.util_func, iree.reflection = {gossamer.arguments = "x,n"}, note = "x"}
util.func public @run(%x: tensor<4xf32>, %n: i32)
    -> (tensor<4xf32> {iree.abi.affinity = 1 : i64}, i32) attributes {note = "x"} {
  // CHECK: call @tied(
  %0 = util.call @tied(%x) : (tensor<4xf32>) -> %x
  util.return %0, %n : tensor<4xf32>, i32
}
// CHECK: func.func private @tied(%{{.*}}: tensor<4xf32>) -> tensor<4xf32>
util.func private @tied(%x: tensor<4xf32>) -> %x {
  util.return %x : tensor<4xf32>
}
