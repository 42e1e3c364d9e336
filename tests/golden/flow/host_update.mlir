// A slice that is one range of memory is inserted by a copy, here from element 12 on. Any other takes a kernel.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @rows(%a: tensor<8x4xf32>, %u: tensor<2x4xf32>) -> tensor<8x4xf32> {
  %0 = tensor.insert_slice %u into %a[3, 0] [2, 4] [1, 1] : tensor<2x4xf32> into tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}
func.func @columns(%a: tensor<8x4xf32>, %u: tensor<8x2xf32>) -> tensor<8x4xf32> {
  %0 = tensor.insert_slice %u into %a[0, 1] [8, 2] [1, 1] : tensor<8x2xf32> into tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// CHECK-LABEL: func.func @rows(
// CHECK: "flow.tensor.update"(%{{.*}}, %c12, %{{.*}})
// CHECK: func.func @columns_dispatch_0_slow_memcpy
// CHECK: tensor.insert_slice
