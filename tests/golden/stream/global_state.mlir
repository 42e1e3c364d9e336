// A global holds a buffer that nobody else has: what is returned too is copied.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=stream %s | filecheck %s
// CHECK: func @__init_globals() {
// CHECK: fill %[[INITIAL:.*]][0 for 16] with 0
// CHECK: store @total = %[[INITIAL]]
// CHECK: export @add
// CHECK: %[[OLD:.*]] = load @total
// CHECK: dispatch @add_dispatch_0{{.*}} ro %[[OLD]][0 for 16], {{.*}} wo %[[NEW:.*]][0 for 16]
// CHECK: copy %[[NEW]][0 for 16] to %[[COPY:.*]][0 for 16]
// CHECK: store @total = %[[COPY]]
// CHECK: view %[[NEW]]
util.global private mutable @total = dense<0.0> : tensor<4xf32>
func.func @add(%a: tensor<4xf32>) -> tensor<4xf32> {
  %old = util.global.load @total : tensor<4xf32>
  %new = arith.addf %old, %a : tensor<4xf32>
  util.global.store %new, @total : tensor<4xf32>
  return %new : tensor<4xf32>
}
