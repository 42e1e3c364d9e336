// Torch sorts NaN above all numbers and keeps equal elements in order: comparisons become strict, and know NaN.
// RUN: iree-compile --compile-to=input %s | filecheck %s

// CHECK-LABEL: func.func @sort
// CHECK: tm_tensor.sort
// CHECK: %[[LESS:.*]] = arith.cmpf olt, %[[A:.*]], %[[B:.*]] : f32
// CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[B]], %[[B]] : f32
// CHECK: %[[NUMBER:.*]] = arith.cmpf oeq, %[[A]], %[[A]] : f32
// CHECK: %[[BOTH:.*]] = arith.andi %[[NAN]], %[[NUMBER]] : i1
// CHECK: %[[BEFORE:.*]] = arith.ori %[[LESS]], %[[BOTH]] : i1
// CHECK: tm_tensor.yield %[[BEFORE]] : i1
func.func @sort(%x: !torch.vtensor<[8],f32>) -> !torch.vtensor<[8],f32> {
  %dim = torch.constant.int 0
  %descending = torch.constant.bool false
  %values, %indices = torch.aten.sort %x, %dim, %descending
    : !torch.vtensor<[8],f32>, !torch.int, !torch.bool -> !torch.vtensor<[8],f32>, !torch.vtensor<[8],si64>
  return %values : !torch.vtensor<[8],f32>
}

// CHECK-LABEL: func.func @argmax
// CHECK: ^bb0(%[[IN:.*]]: f32, %[[LARGEST:.*]]: f32, %[[PLACE:.*]]: i64):
// CHECK: %[[GREATER:.*]] = arith.cmpf ogt, %[[IN]], %[[LARGEST]] : f32
// CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[IN]], %[[IN]] : f32
// CHECK: arith.ori %[[GREATER]]
func.func @argmax(%x: !torch.vtensor<[8],f32>) -> !torch.vtensor<[],si64> {
  %dim = torch.constant.int 0
  %keep = torch.constant.bool false
  %place = torch.aten.argmax %x, %dim, %keep
    : !torch.vtensor<[8],f32>, !torch.int, !torch.bool -> !torch.vtensor<[],si64>
  return %place : !torch.vtensor<[],si64>
}
