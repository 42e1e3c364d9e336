// What a loop passes back is made in the register where it is awaited, so that the branch back copies nothing.
// RUN: iree-compile --iree-hal-target-backends=vmvx %s -o %t.vmfb
// RUN: iree-dump-module --output=disassembly --function=f %t.vmfb | filecheck %s

func.func @f(%n: i32) -> i32 {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %c7 = arith.constant 7 : i32
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %c0) -> i32 : i32 {
    %p = arith.muli %s, %c7 : i32
    %q = arith.addi %p, %i : i32
    scf.yield %q : i32
  }
  return %r : i32
}

// CHECK: vm.br ^bb1(%[[I:i[0-9]+]]->%[[SUM:i[0-9]+]])
// CHECK: ^bb2:
// CHECK: %[[SUM]] = vm.add.i32 {{%i[0-9]+}}, %[[I]]
// CHECK: %[[I]] = vm.add.i32 %[[I]]
// CHECK: vm.br ^bb1()
