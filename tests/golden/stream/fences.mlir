// An asynchronous function never waits: memory is allocated in the order of the queue, after what the caller
// waits for, and the last submission signals the caller.
// RUN: iree-compile --iree-hal-target-backends=vmvx --iree-execution-model=async-external --compile-to=stream %s | filecheck %s
// CHECK: export @both(%input0, %input1, %[[WAIT:wait]], %[[SIGNAL:signal]]) {
// CHECK: alloca 128 bytes await(%[[WAIT]]) => %[[READY:.*]]
// CHECK-NEXT: execute @__both_commands_0 await(%[[READY]]) => %[[SIGNAL]] {
// CHECK-NOT: await %
func.func @both(%a: tensor<4xf32>, %b: tensor<8xf32>) -> (tensor<4xf32>, tensor<8xf32>) {
  %0 = math.absf %a : tensor<4xf32>
  %1 = math.absf %b : tensor<8xf32>
  return %0, %1 : tensor<4xf32>, tensor<8xf32>
}
