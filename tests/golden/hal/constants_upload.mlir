// A device that can use the module's own bytes does; elsewhere they are copied to memory of the device.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=hal %s | filecheck %s
// CHECK-LABEL: vm.func private @__init()
// CHECK: %[[BYTES:.*]] = vm.const.ref.rodata @_constants_data
// CHECK: %[[MAPPED:.*]] = vm.call @hal.allocator.import({{.*}}, %[[BYTES]],
// CHECK: %[[IS_MAPPED:.*]] = vm.cmp.nz.ref %[[MAPPED]]
// CHECK-NEXT: vm.cond_br %[[IS_MAPPED]], ^[[READY:bb[0-9]+]](%[[MAPPED]] : !vm.ref<!hal.buffer>)
// CHECK: %[[BUFFER:.*]] = vm.call @hal.allocator.allocate
// CHECK: vm.call @hal.device.queue.read(
// CHECK: vm.br ^[[READY]](%[[BUFFER]]
// CHECK: vm.global.store.ref %{{.*}}, @_constants
func.func @add(%a: tensor<4xf32>) -> tensor<4xf32> {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = arith.addf %c, %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
