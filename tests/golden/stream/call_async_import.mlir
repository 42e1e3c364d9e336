// An asynchronous function of another module is handed the time when its arguments are ready, and signals the
// caller's fence itself where it is the last.
// RUN: iree-compile --iree-hal-target-backends=vmvx --iree-execution-model=async-external --compile-to=stream %s | filecheck %s
// CHECK: execute @__run_commands_0 await(%{{.*}}) => %[[READY:.*]] {
// CHECK: call @other.scale(%{{.*}}) await(%[[READY]]) => %signal
func.func private @other.scale(tensor<4xf32>) -> tensor<4xf32>
func.func @run(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  %1 = func.call @other.scale(%0) : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
