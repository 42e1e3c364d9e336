// Where sizes are known in a call only, the call computes how many workgroups there are, and passes sizes to the
// kernel as two words each, low word first.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=hal %s | filecheck %s
// CHECK-LABEL: vm.func private @abs(
// CHECK: %[[SIZE:.*]] = vm.call @hal.buffer_view.dim
// CHECK: %[[ROUNDED:.*]] = vm.add.i64 %[[SIZE]], %c65535
// CHECK: %[[TILES:.*]] = vm.div.i64.u %[[ROUNDED]], %c65536
// CHECK: %[[COUNT:.*]] = vm.trunc.i64.i32 %[[TILES]]
// CHECK: %[[LOW:.*]] = vm.trunc.i64.i32 %[[SIZE]]
// CHECK: %[[SHIFTED:.*]] = vm.shr.i64.u %[[SIZE]], %c32
// CHECK: %[[HIGH:.*]] = vm.trunc.i64.i32 %[[SHIFTED]]
// CHECK: vm.call.variadic @hal.command_buffer.dispatch(%{{.*}}, %{{.*}}, %{{.*}}, %[[COUNT]], {{.*}}, [%[[LOW]], %[[HIGH]]],
func.func @abs(%a: tensor<?xf32>) -> tensor<?xf32> {
  %0 = math.absf %a : tensor<?xf32>
  return %0 : tensor<?xf32>
}
