// A constant that a loop uses is made before it, once for all turns.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-eliminate-common \
// RUN:   --mlir-print-ir-after=vm-eliminate-common %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  %r = arith.addf %a, %a : tensor<4xf32>
  return %r : tensor<4xf32>
}

// The initialiser looks for a device: it goes through all there are.
// CHECK: IR Dump Before vm-eliminate-common
// CHECK: vm.func private @__init
// CHECK-NEXT: vm.call @hal.devices.count
// CHECK: [[ONE:%c1]] = vm.const.i32 1
// CHECK-NEXT: vm.add.i32 {{%[0-9]+}}, [[ONE]]
// CHECK: IR Dump After vm-eliminate-common
// CHECK: vm.func private @__init
// CHECK: [[ONE2:%c1]] = vm.const.i32 1{{$}}
// CHECK: vm.call @hal.devices.count
// CHECK: vm.add.i32 {{%[0-9]+}}, [[ONE2]]
