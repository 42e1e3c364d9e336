// A branch to a block that only branches on goes where that one goes. `cf.switch` leaves such a block.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-simplify-branches \
// RUN:   --mlir-print-ir-after=vm-simplify-branches %s 2>&1 | filecheck %s

func.func @f(%a: i32, %b: i32) -> i32 {
  cf.switch %a : i32, [
    default: ^bb1,
    0: ^bb2
  ]
^bb1:
  %c1 = arith.constant 1 : i32
  %one = arith.cmpi eq, %a, %c1 : i32
  cf.cond_br %one, ^bb3(%a : i32), ^bb3(%b : i32)
^bb2:
  %x = arith.muli %b, %b : i32
  cf.br ^bb3(%x : i32)
^bb3(%r: i32):
  return %r : i32
}

// CHECK: IR Dump Before vm-simplify-branches
// CHECK: vm.cond_br {{%[0-9]+}}, ^bb2, [[EMPTY:\^bb[0-9]+]]
// CHECK: [[DEFAULT:\^bb[0-9]+]]:
// CHECK-NEXT: vm.cmp.eq.i32 %arg0, %c1
// CHECK: [[EMPTY]]:
// CHECK-NEXT: vm.br [[DEFAULT]]
// CHECK: IR Dump After vm-simplify-branches
// CHECK: vm.cond_br {{%[0-9]+}}, ^bb1, [[HERE:\^bb[0-9]+]]
// CHECK: [[HERE]]:
// CHECK-NEXT: vm.cmp.eq.i32 %arg0, %c1
