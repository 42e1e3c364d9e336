// A slice that is one range of memory is a part of the source's buffer. Any other is copied by a kernel.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @rows(%a: tensor<8x4xf32>) -> tensor<2x4xf32> {
  %0 = tensor.extract_slice %a[3, 0] [2, 4] [1, 1] : tensor<8x4xf32> to tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
func.func @columns(%a: tensor<8x4xf32>) -> tensor<8x2xf32> {
  %0 = tensor.extract_slice %a[0, 1] [8, 2] [1, 1] : tensor<8x4xf32> to tensor<8x2xf32>
  return %0 : tensor<8x2xf32>
}

// CHECK-LABEL: func.func @rows(
// CHECK: %[[SLICE:.*]] = "flow.tensor.slice"(%{{.*}}, %c3, %c0, %c2, %c4)
// CHECK-NEXT: return %[[SLICE]]
// CHECK: func.func @columns_dispatch_0_slow_memcpy
// CHECK: tensor.extract_slice
// CHECK-LABEL: func.func @columns(
// CHECK: "flow.dispatch"
