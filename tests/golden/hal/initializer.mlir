// When a module is loaded, it takes the first device of its kind that loads its executables, creates them, and
// looks up its kernels.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=hal %s | filecheck %s
// CHECK-LABEL: vm.func private @__init()
// CHECK: %[[DEVICE:.*]] = vm.call @hal.devices.get
// CHECK: vm.const.ref.rodata @_utf8_hal.device.id
// CHECK: vm.const.ref.rodata @_utf8_local*
// CHECK: vm.const.ref.rodata @_utf8_hal.executable.format
// CHECK: %{{.*}}, %{{.*}} = vm.call @hal.device.query.i64(%[[DEVICE]],
// CHECK: vm.global.store.ref %{{.*}}, @__device_0
// CHECK: %[[DATA:.*]] = vm.const.ref.rodata @module_linked_binary
// CHECK: vm.call @hal.executable.create(%{{.*}}, %{{.*}}, %{{.*}}, %[[DATA]],
// CHECK: vm.global.store.ref %{{.*}}, @module_linked
// CHECK: %[[NAME:.*]] = vm.const.ref.rodata @_utf8_abs_dispatch_0_elementwise_4_f32
// CHECK: %[[FUNCTION:.*]] = vm.call @hal.executable.lookup.function(%{{.*}}, %[[NAME]])
// CHECK: vm.global.store.i64 %[[FUNCTION]], @__module_linked_function_0
func.func @abs(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
