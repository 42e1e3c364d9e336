// A number that the host needs makes it wait for the device, once.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=stream %s | filecheck %s
// CHECK: execute @__first_commands_0 => %[[DONE:.*]] {
// CHECK: await %[[DONE]]
// CHECK-NEXT: %[[NUMBER:.*]] = read %{{.*}}[0 for 4] : i32
// CHECK-NEXT: return %[[NUMBER]]
func.func @first(%a: tensor<4xi32>) -> i32 {
  %0 = arith.addi %a, %a : tensor<4xi32>
  %zero = arith.constant 0 : index
  %1 = tensor.extract %0[%zero] : tensor<4xi32>
  return %1 : i32
}
