// What nothing reads goes, and with it what only that read; calls stay, for they may do more than return.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-eliminate-dead \
// RUN:   --mlir-print-ir-after=vm-eliminate-dead %s 2>&1 | filecheck %s

func.func private @other.next() -> i32
func.func @f(%a: i8, %b: i8) -> i8 {
  %unread = call @other.next() : () -> i32
  %0 = arith.divsi %a, %b : i8
  return %0 : i8
}

// CHECK: IR Dump Before vm-eliminate-dead
// CHECK: vm.trunc.i32.i8 %arg0
// CHECK: vm.trunc.i32.i8 %arg1
// CHECK: vm.call @other.next
// CHECK: IR Dump After vm-eliminate-dead
// CHECK: vm.func private @f(
// CHECK-NOT: vm.trunc.i32.i8
// CHECK: vm.call @other.next
// CHECK: vm.div.i32.s
