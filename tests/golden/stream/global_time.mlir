// In a module of asynchronous functions a global comes with the time when its contents are there.
// RUN: iree-compile --iree-hal-target-backends=vmvx --iree-execution-model=async-external --compile-to=stream %s | filecheck %s
// CHECK: global @total : !hal.buffer
// CHECK-NEXT: global @total$timepoint : !hal.fence
// CHECK: export @add
// CHECK: %[[READY:.*]] = load @total$timepoint
// CHECK: alloca 16 bytes await(%wait, %[[READY]])
// CHECK: execute @__add_commands_0 await(%{{.*}}) => %[[DONE:.*]] {
// CHECK: store @total$timepoint = %[[DONE]]
// CHECK: signal await(%[[DONE]]) => %signal
util.global private mutable @total = dense<0.0> : tensor<4xf32>
func.func @add(%a: tensor<4xf32>) -> tensor<4xf32> {
  %old = util.global.load @total : tensor<4xf32>
  %new = arith.addf %old, %a : tensor<4xf32>
  util.global.store %new, @total : tensor<4xf32>
  return %new : tensor<4xf32>
}
