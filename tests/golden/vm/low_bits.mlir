// What reads the low 8 bits only reads past operations that keep them: the truncations are left for nobody.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-simplify-operations \
// RUN:   --mlir-print-ir-after=vm-simplify-operations %s 2>&1 | filecheck %s

func.func @f(%a: i8, %b: i8) -> i8 {
  %0 = arith.divsi %a, %b : i8
  return %0 : i8
}

// CHECK: IR Dump Before vm-simplify-operations
// CHECK: [[A:%[0-9]+]] = vm.trunc.i32.i8 %arg0
// CHECK: [[WIDE:%[0-9]+]] = vm.ext.i8.i32.s [[A]]
// CHECK: vm.div.i32.s [[WIDE]]
// CHECK: IR Dump After vm-simplify-operations
// CHECK: vm.trunc.i32.i8 %arg0
// CHECK: [[WIDE2:%[0-9]+]] = vm.ext.i8.i32.s %arg0
// CHECK: vm.div.i32.s [[WIDE2]]
