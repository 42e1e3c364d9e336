// The low half of a number that was extended is the number: a size that came in as an i32 goes out as one.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=vm --mlir-print-ir-before=vm-simplify-operations \
// RUN:   --mlir-print-ir-after=vm-simplify-operations %s 2>&1 | filecheck %s

func.func @f(%n: i32, %v: f32) -> tensor<?xf32> {
  %i = arith.index_cast %n : i32 to index
  %e = tensor.empty(%i) : tensor<?xf32>
  %s = linalg.fill ins(%v : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %r = arith.addf %s, %s : tensor<?xf32>
  return %r : tensor<?xf32>
}

// The low and the high half of the size are two of the dispatch's constants.
// CHECK: IR Dump Before vm-simplify-operations
// CHECK: vm.func private @f(
// CHECK: [[SIZE:%[0-9]+]] = vm.ext.i32.i64.s %arg0
// CHECK: [[LOW:%[0-9]+]] = vm.trunc.i64.i32 [[SIZE]]
// CHECK: vm.call.variadic @hal.command_buffer.dispatch({{.*}}[{{.*}}, [[LOW]], {{%[0-9]+}}]
// CHECK: IR Dump After vm-simplify-operations
// CHECK: vm.func private @f(
// CHECK: vm.call.variadic @hal.command_buffer.dispatch({{.*}}[{{.*}}, %arg0, {{%[0-9]+}}]
