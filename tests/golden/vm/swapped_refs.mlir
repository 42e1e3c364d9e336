// Refs that change places in a loop are moved, so that none is counted up and down in between.
// RUN: iree-compile --iree-hal-target-backends=vmvx %s -o %t.vmfb
// RUN: iree-dump-module --output=disassembly --function=f %t.vmfb | filecheck %s

func.func @f(%a: tensor<4xf32>, %b: tensor<4xf32>, %n: i32) -> tensor<4xf32> {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %b)
      -> (tensor<4xf32>, tensor<4xf32>) : i32 {
    scf.yield %y, %x : tensor<4xf32>, tensor<4xf32>
  }
  return %r#0 : tensor<4xf32>
}

// CHECK: vm.br ^bb1(%R[[Y:[0-9]+]]->%r[[FREE:[0-9]+]], %R[[X:[0-9]+]]->%r[[Y]], %R[[FREE]]->%r[[X]])
// The one that is not returned dies on the way out of the loop.
// CHECK: ^bb3:
// CHECK-NEXT: vm.discard.refs %r[[Y]]
