// What is computed twice from the same operands is computed once.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-eliminate-common \
// RUN:   --mlir-print-ir-after=vm-eliminate-common %s 2>&1 | filecheck %s

func.func @f(%a: i8, %b: i8) -> (i8, i8) {
  %0 = arith.divsi %a, %b : i8
  %1 = arith.remsi %a, %b : i8
  return %0, %1 : i8, i8
}

// CHECK: IR Dump Before vm-eliminate-common
// CHECK: vm.div.i32.s
// CHECK: [[AGAIN:%[0-9]+]] = vm.ext.i8.i32.s %arg0
// CHECK: vm.rem.i32.s [[AGAIN]]
// CHECK: IR Dump After vm-eliminate-common
// CHECK: [[A:%[0-9]+]] = vm.ext.i8.i32.s %arg0
// CHECK: [[B:%[0-9]+]] = vm.ext.i8.i32.s %arg1
// CHECK: vm.div.i32.s [[A]], [[B]]
// CHECK: vm.rem.i32.s [[A]], [[B]]
