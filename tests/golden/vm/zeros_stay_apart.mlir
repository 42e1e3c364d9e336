// 0.0 and -0.0 are equal, but not the same.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-eliminate-common \
// RUN:   --mlir-print-ir-after=vm-eliminate-common %s 2>&1 | filecheck %s

func.func @f() -> (f32, f32, f32) {
  %a = arith.constant 0.0 : f32
  %b = arith.constant -0.0 : f32
  %c = arith.constant 0.0 : f32
  return %a, %b, %c : f32, f32, f32
}

// CHECK: IR Dump After vm-eliminate-common
// CHECK: [[PLUS:%zero]] = vm.const.f32.zero
// CHECK-NEXT: [[MINUS:%[0-9]+]] = vm.const.f32 -0.0
// CHECK-NEXT: vm.return [[PLUS]], [[MINUS]], [[PLUS]]
