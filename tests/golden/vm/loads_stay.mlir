// Two loads of a global are not one: what is called between them may change it.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-eliminate-common \
// RUN:   --mlir-print-ir-after=vm-eliminate-common %s 2>&1 | filecheck %s

util.global private mutable @g = 3 : i32
func.func private @other.change()
func.func @f() -> (i32, i32) {
  %before = util.global.load @g : i32
  call @other.change() : () -> ()
  %after = util.global.load @g : i32
  return %before, %after : i32, i32
}
func.func @set(%x: i32) {
  util.global.store %x, @g : i32
  return
}

// CHECK: IR Dump After vm-eliminate-common
// CHECK: [[BEFORE:%[0-9]+]] = vm.global.load.i32 @g
// CHECK-NEXT: vm.call @other.change
// CHECK-NEXT: [[AFTER:%[0-9]+]] = vm.global.load.i32 @g
// CHECK-NEXT: vm.return [[BEFORE]], [[AFTER]]
