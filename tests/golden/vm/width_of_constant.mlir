// A change of a constant's width is made by the compiler.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-simplify-operations \
// RUN:   --mlir-print-ir-after=vm-simplify-operations %s 2>&1 | filecheck %s

func.func @f() -> i8 {
  %a = arith.constant -5 : i8
  return %a : i8
}

// CHECK: IR Dump Before vm-simplify-operations
// CHECK: [[BITS:%c251]] = vm.const.i32 251
// CHECK-NEXT: vm.ext.i8.i32.s [[BITS]]
// CHECK: IR Dump After vm-simplify-operations
// CHECK: [[NUMBER:%c-5]] = vm.const.i32 -5
// CHECK-NEXT: vm.return [[NUMBER]]
