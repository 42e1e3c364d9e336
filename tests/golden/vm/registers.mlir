// A value takes the lowest register that is free where it is made: that of an operand which dies there.
// RUN: iree-compile --iree-hal-target-backends=vmvx %s -o %t.vmfb
// RUN: iree-dump-module --output=disassembly --function=f %t.vmfb | filecheck %s

func.func @f(%a: i32, %b: i32) -> i32 {
  %0 = arith.muli %a, %b : i32
  %1 = arith.addi %0, %b : i32
  %2 = arith.muli %1, %0 : i32
  return %2 : i32
}

// CHECK: vm.func @f(%i0: i32, %i1: i32)
// CHECK: %i0 = vm.mul.i32 %i0, %i1
// CHECK-NEXT: %i1 = vm.add.i32 %i0, %i1
// CHECK-NEXT: %i0 = vm.mul.i32 %i1, %i0
// CHECK-NEXT: vm.return %i0
