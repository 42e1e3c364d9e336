// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
// MLIR's parser reads rewritten text; its complaint is moved back to the column the user wrote.
util.global private mutable @count = 0 : i32
func.func @f() -> i32 {
  %0 = util.global.load @count : i32  loc("a.py":1:1)  %1 = arith.constant oops : i32
  return %1 : i32
}
// CHECK: foreign_native_mix.mlir:5:75: error: expected attribute value
// CHECK-NEXT:    5 |   %0 = util.global.load @count : i32  loc("a.py":1:1)  %1 = arith.constant oops : i32
