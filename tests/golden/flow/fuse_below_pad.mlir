// A pad asks for each element once, so what computes its source joins the dispatch, as operands of slices, inserts
// and concatenations do.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<4xf32>) -> tensor<6xf32> {
  %z = arith.constant 0.0 : f32
  %0 = math.exp %a : tensor<4xf32>
  %1 = tensor.pad %0 low[1] high[1] {
  ^bb0(%i: index):
    tensor.yield %z : f32
  } : tensor<4xf32> to tensor<6xf32>
  return %1 : tensor<6xf32>
}

// CHECK: func.func @f_dispatch_0_elementwise_4_f32(%{{.*}}: tensor<4xf32>) -> tensor<6xf32>
// CHECK: math.exp
// CHECK: tensor.pad
// CHECK-NOT: @f_dispatch_1
