// Work that does not depend on other work has no barrier in between. Results that leave together share one
// allocation, each aligned to 64 bytes.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=stream %s | filecheck %s
// CHECK: %[[RESULTS:results]] = allocate 128 bytes
// CHECK: dispatch @both_dispatch_0{{.*}} wo %[[RESULTS]][0 for 16]
// CHECK-NEXT: dispatch @both_dispatch_1{{.*}} wo %[[RESULTS]][64 for 32]
// CHECK-NEXT: }
func.func @both(%a: tensor<4xf32>, %b: tensor<8xf32>) -> (tensor<4xf32>, tensor<8xf32>) {
  %0 = math.absf %a : tensor<4xf32>
  %1 = math.absf %b : tensor<8xf32>
  return %0, %1 : tensor<4xf32>, tensor<8xf32>
}
