// Constants of a module are in one buffer, uploaded when it is loaded; commands read ranges of it.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=stream %s | filecheck %s
// CHECK: constants %[[POOL:_constants]] 64 bytes
// CHECK: dispatch @add_dispatch_0{{.*}} ro %[[POOL]][0 for 16]
func.func @add(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = arith.addf %c, %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
