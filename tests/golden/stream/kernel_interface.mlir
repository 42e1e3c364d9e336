// What the host and a kernel agree on is decided before any target compiles the kernel: the inner size of the
// product is in no result and is passed as it is in the first operand, once for both.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=stream %s | filecheck %s
// CHECK: executable @module_linked {
// CHECK-NEXT: kernel @product_dispatch_0_matmul_4x8xD_f32 bindings(ro, ro, ro, wo) constants(index)
// CHECK: export @product(%[[A:.*]], %[[B:.*]], %[[C:.*]]) {
// CHECK: %[[SIZE:.*]] = dim 1 of %[[A]]
// CHECK: dispatch @product_dispatch_0_matmul_4x8xD_f32[1, 1, 1](%[[SIZE]]) ro
func.func @product(%a: tensor<4x?xf32>, %b: tensor<?x8xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<4x?xf32>, tensor<?x8xf32>) outs(%c : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
