// A program without kernels that was compiled for no device keeps its tensors on the first one.
// RUN: iree-compile --compile-to=hal %s | filecheck %s
// CHECK-LABEL: vm.func private @__init()
// CHECK: %[[INDEX:.*]] = vm.const.i32.zero
// CHECK: %[[DEVICE:.*]] = vm.call @hal.devices.get(%[[INDEX]])
// CHECK-NEXT: vm.global.store.ref %[[DEVICE]], @__device_0
// CHECK-NOT: hal.device.query
// CHECK: vm.return
util.global private mutable @state = dense<1> : tensor<4xi32>
func.func @get() -> tensor<4xi32> {
  %0 = util.global.load @state : tensor<4xi32>
  return %0 : tensor<4xi32>
}
