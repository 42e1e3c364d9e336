// The last mention of a ref in a call is a move, written %R: the register lets go of it as it is read.
// RUN: iree-compile --iree-hal-target-backends=vmvx %s -o %t.vmfb
// RUN: iree-dump-module --output=disassembly --function=f %t.vmfb | filecheck %s

func.func private @other.next(%x: tensor<4xf32>) -> tensor<4xf32>
func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = call @other.next(%a) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = call @other.next(%0) : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// The check of a result keeps it, the call after that gives it away.
// CHECK: %[[NEXT:r[0-9]+]] = vm.call @other.next(
// CHECK: vm.call.variadic @hal.buffer_view.assert {{.*}}(%[[NEXT]],
// CHECK: vm.call @other.next(%R
// CHECK: vm.return %R
