// Host functions name the same constants for each call they make; one of each is left.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-eliminate-common \
// RUN:   --mlir-print-ir-after=vm-eliminate-common %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  %r = arith.addf %a, %b : tensor<4xf32>
  return %r : tensor<4xf32>
}

// CHECK: IR Dump Before vm-eliminate-common
// CHECK: vm.func private @f(
// CHECK: vm.const.i32 553648160
// CHECK: vm.call.variadic @hal.buffer_view.assert(%arg0
// CHECK: vm.const.i32 553648160
// CHECK: vm.call.variadic @hal.buffer_view.assert(%arg1
// CHECK: IR Dump After vm-eliminate-common
// CHECK: vm.func private @f(
// CHECK: [[F32:%c553648160]] = vm.const.i32 553648160
// CHECK: vm.call.variadic @hal.buffer_view.assert(%arg0, {{%ref[_0-9]*}}, [[F32]]
// CHECK-NOT: vm.const.i32 553648160
// CHECK: vm.call.variadic @hal.buffer_view.assert(%arg1, {{%ref[_0-9]*}}, [[F32]]
