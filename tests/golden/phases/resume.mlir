// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=input %s -o %t.mlir
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-from=input %t.mlir -o %t.vmfb
// RUN: iree-run-module --device=local-sync --module=%t.vmfb --function=next | filecheck %s
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=input --emit-mlir-bytecode %s -o %t.mlirbc
// RUN: iree-compile --iree-hal-target-backends=vmvx %t.mlirbc -o %t.vmfb
// RUN: iree-run-module --device=local-sync --module=%t.vmfb --function=next | filecheck %s
// CHECK: i32=6
util.global private mutable @count = 5 : i32
util.func public @next() -> i32 {
  %count = util.global.load @count : i32
  %one = arith.constant 1 : i32
  %next = arith.addi %count, %one : i32
  util.global.store %next, @count : i32
  util.return %next : i32
}
