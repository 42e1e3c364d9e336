// A number of 64 bits takes two cells, the first of them even.
// RUN: iree-compile --iree-hal-target-backends=vmvx %s -o %t.vmfb
// RUN: iree-dump-module --output=disassembly --function=f %t.vmfb | filecheck %s

func.func @f(%a: i32, %b: i64, %c: i32) -> i64 {
  %0 = arith.extsi %a : i32 to i64
  %1 = arith.addi %0, %b : i64
  %2 = arith.extsi %c : i32 to i64
  %3 = arith.muli %1, %2 : i64
  return %3 : i64
}

// Arguments are in 0, in 2 and 3, and in 4: 1 is left out.
// CHECK: %i0:1 = vm.ext.i32.i64.s %i0
// CHECK-NEXT: %i0:1 = vm.add.i64 %i0:1, %i2:3
// CHECK-NEXT: %i2:3 = vm.ext.i32.i64.s %i4
// CHECK-NEXT: %i0:1 = vm.mul.i64 %i0:1, %i2:3
