// A window with one place reads three of four elements: the fourth is cut off, else three or four iterations
// would be left.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%in: tensor<?x4x4xf32>, %k: tensor<3x4x2xf32>, %out: tensor<?x1x2xf32>) -> tensor<?x1x2xf32> {
  %0 = linalg.conv_1d_nwc_wcf {strides = dense<2> : tensor<1xi64>, dilations = dense<1> : tensor<1xi64>}
    ins(%in, %k : tensor<?x4x4xf32>, tensor<3x4x2xf32>) outs(%out : tensor<?x1x2xf32>) -> tensor<?x1x2xf32>
  return %0 : tensor<?x1x2xf32>
}

// CHECK: func.func @f_dispatch
// CHECK: tensor.extract_slice %{{.*}} : tensor<?x4x4xf32> to tensor<?x3x4xf32>
