// A function of another module gets views; a synchronous one is called once the work before it is done.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=stream %s | filecheck %s
// CHECK: import sync func @other.scale
// CHECK: await %
// CHECK-NEXT: %[[VIEW:.*]] = view
// CHECK-NEXT: %[[RESULT:.*]] = call @other.scale(%[[VIEW]])
// CHECK-NEXT: assert %[[RESULT]] is 4xf32
// CHECK-NEXT: return %[[RESULT]]
func.func private @other.scale(tensor<4xf32>) -> tensor<4xf32>
func.func @run(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  %1 = func.call @other.scale(%0) : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
