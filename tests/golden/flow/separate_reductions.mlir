// A dispatch has one reduction at most: computed for each element that asks, the inner one would run again and
// again.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<4x8x16xf32>, %z: tensor<4x8xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<4x8x16xf32>) outs(%z : tensor<4x8xf32>) dimensions = [2]
  %1 = linalg.reduce { arith.maximumf } ins(%0 : tensor<4x8xf32>) outs(%y : tensor<4xf32>) dimensions = [1]
  return %1 : tensor<4xf32>
}

// CHECK: func.func @f_dispatch_0_reduction_4x8x16_f32
// CHECK: func.func @f_dispatch_1_reduction_4x8_f32
