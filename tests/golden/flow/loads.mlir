// A scalar that the host needs is loaded there, when the tensor is ready. One that only a kernel needs is loaded
// in the kernel: the host need not wait.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @host(%a: tensor<4xi32>, %i: index) -> i32 {
  %0 = tensor.extract %a[%i] : tensor<4xi32>
  return %0 : i32
}
func.func @kernel(%a: tensor<8xf32>, %s: tensor<f32>) -> tensor<8xf32> {
  %x = tensor.extract %s[] : tensor<f32>
  %e = tensor.empty() : tensor<8xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%a : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %1 = arith.mulf %in, %x : f32
    linalg.yield %1 : f32
  } -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @host(
// CHECK: "flow.tensor.load"
// CHECK: func.func @kernel_dispatch_0_elementwise_8_f32(%[[S:.*]]: tensor<f32>
// CHECK: tensor.extract %[[S]][]
// CHECK-LABEL: func.func @kernel(
// CHECK-NOT: flow.tensor.load
