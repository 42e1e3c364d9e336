// An import with a fallback may be missing; whoever calls it looks first whether it was found.
// RUN: iree-compile --compile-to=stream --iree-hal-target-backends=vmvx %s | filecheck %s
// CHECK: import optional sync func @lib.double(%input0: i32) -> (%output0: i32)
// CHECK: export @run(%[[ARG:.*]]) {
// CHECK:   %[[FOUND:.*]] = is found @lib.double
// CHECK:   cond_br %[[FOUND]], ^[[IMPORT:.*]](), ^[[FALLBACK:.*]]()
// CHECK: ^[[IMPORT]]():
// CHECK:   %[[DOUBLED:.*]] = call @lib.double(%[[ARG]])
// CHECK:   br ^[[END:.*]](%[[DOUBLED]])
// CHECK: ^[[FALLBACK]]():
// CHECK:   %[[ADDED:.*]] = arith.addi(%[[ARG]], %[[ARG]])
// CHECK:   br ^[[END]](%[[ADDED]])
func.func private @lib.double(i32) -> i32 attributes {vm.fallback = @add}
func.func private @add(%a: i32) -> i32 {
  %0 = arith.addi %a, %a : i32
  return %0 : i32
}
func.func @run(%a: i32) -> i32 {
  %0 = call @lib.double(%a) : (i32) -> i32
  return %0 : i32
}
