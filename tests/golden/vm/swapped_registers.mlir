// Two values that change places go by way of a third register: copies of a branch are made one after another.
// RUN: iree-compile --iree-hal-target-backends=vmvx %s -o %t.vmfb
// RUN: iree-dump-module --output=disassembly --function=f %t.vmfb | filecheck %s

func.func @f(%n: i32, %a: i32, %b: i32) -> i32 {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %b) -> (i32, i32) : i32 {
    scf.yield %y, %x : i32, i32
  }
  return %r#0 : i32
}

// CHECK: vm.br ^bb1(%[[Y:i[0-9]+]]->%[[FREE:i[0-9]+]], %[[X:i[0-9]+]]->%[[Y]], %[[FREE]]->%[[X]])
