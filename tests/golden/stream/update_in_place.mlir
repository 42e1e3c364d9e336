// A row of a global is written where it is, since nothing else shares its buffer.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=stream %s | filecheck %s
// CHECK: export @set_row
// CHECK: %[[ROWS:.*]] = load @rows
// CHECK-NOT: allocate
// CHECK: copy %{{.*}}[0 for 32] to %[[ROWS]][%{{.*}} * 4 for 32]
// CHECK: store @rows = %[[ROWS]]
util.global private mutable @rows = dense<0.0> : tensor<4x8xf32>
func.func @set_row(%row: tensor<1x8xf32>, %at: index) {
  %old = util.global.load @rows : tensor<4x8xf32>
  %zero = arith.constant 0 : index
  %new = flow.tensor.update %row, %old[%at, %zero] : tensor<1x8xf32> -> %old as tensor<4x8xf32>
  util.global.store %new, @rows : tensor<4x8xf32>
  return
}
