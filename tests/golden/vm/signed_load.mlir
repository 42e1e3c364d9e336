// A load whose only reader extends its sign becomes a load that does.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-simplify-operations \
// RUN:   --mlir-print-ir-after=vm-simplify-operations %s 2>&1 | filecheck %s

func.func @f(%x: tensor<?xi8>) -> tensor<?xi32> {
  %r = arith.extsi %x : tensor<?xi8> to tensor<?xi32>
  return %r : tensor<?xi32>
}

// CHECK: IR Dump Before vm-simplify-operations
// CHECK: [[BYTE:%[0-9]+]] = vm.buffer.load.i8.u
// CHECK-NEXT: [[SIGNED:%[0-9]+]] = vm.ext.i8.i32.s [[BYTE]]
// CHECK-NEXT: vm.buffer.store.i32 [[SIGNED]]
// CHECK: IR Dump After vm-simplify-operations
// CHECK: [[LOADED:%[0-9]+]] = vm.buffer.load.i8.s
// CHECK: vm.buffer.store.i32 [[LOADED]]
