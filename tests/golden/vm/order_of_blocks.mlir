// Blocks come in an order in which each stands after those that lead to it; only loops go back. The initialiser
// that looks for a device has its loop's condition last before, and first after.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-simplify-branches \
// RUN:   --mlir-print-ir-after=vm-simplify-branches %s 2>&1 | filecheck %s

func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  %r = arith.addf %a, %a : tensor<4xf32>
  return %r : tensor<4xf32>
}

// CHECK: IR Dump Before vm-simplify-branches
// CHECK: vm.func private @__init
// CHECK: vm.br [[CONDITION:\^bb[0-9]+]](%zero : i32)
// CHECK-NEXT: ^bb1:
// CHECK-NEXT: vm.call @hal.devices.get
// CHECK: [[CONDITION]]([[I:%[0-9]+]]: i32):
// CHECK: IR Dump After vm-simplify-branches
// CHECK: vm.func private @__init
// CHECK: vm.br ^bb1(%zero : i32)
// CHECK-NEXT: ^bb1({{%[0-9]+}}: i32):
// CHECK-NEXT: vm.cmp.lt.i32.s
