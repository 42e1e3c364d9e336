// Commands that are the same in each call are recorded once, with a slot for each buffer that is not, and replayed
// with the buffers of the call.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=hal %s | filecheck %s
// CHECK-LABEL: vm.func private @abs(
// CHECK: %[[INPUT:.*]] = vm.call @hal.buffer_view.buffer
// CHECK: %[[OUTPUT:.*]] = vm.call @hal.allocator.allocate
// CHECK: %[[COMMANDS:.*]] = vm.global.load.ref @__abs_commands_0
// CHECK: vm.call.variadic @hal.device.queue.execute.indirect({{.*}}, %[[COMMANDS]], %{{.*}}, [(%[[INPUT]], {{.*}}), (%[[OUTPUT]], {{.*}})])
// CHECK-LABEL: vm.func private @__abs_commands_0()
// CHECK: vm.call.variadic @hal.command_buffer.dispatch(
// CHECK: vm.call @hal.command_buffer.finalize
// CHECK-LABEL: vm.func private @__init()
// CHECK: %[[RECORDED:.*]] = vm.call @__abs_commands_0()
// CHECK: vm.global.store.ref %[[RECORDED]], @__abs_commands_0
func.func @abs(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
