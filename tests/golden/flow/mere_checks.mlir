// A loop whose results nobody reads goes, and what it asserts with it.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

#id = affine_map<(d0) -> (d0)>
func.func @f(%x: tensor<4xi32>) -> tensor<4xi32> {
  %zero = arith.constant 0 : i32
  %empty = tensor.empty() : tensor<4xi32>
  %unread = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<4xi32>) outs(%empty : tensor<4xi32>) {
  ^bb0(%element: i32, %out: i32):
    %good = arith.cmpi sge, %element, %zero : i32
    cf.assert %good, "negative"
    linalg.yield %element : i32
  } -> tensor<4xi32>
  return %x : tensor<4xi32>
}

// CHECK-NOT: linalg.generic
// CHECK: return %arg0
