// RUN: iree-compile --compile-to=start %s | filecheck %s
// Names of the enclosing function may be given anew in an isolated region.
func.func @f(%x: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  // CHECK: "flow.dispatch.workgroups"(%{{.*}}, %{{.*}})
  %0 = flow.dispatch.workgroups[%n](%x) : (tensor<4xf32>) -> tensor<4xf32> =
      (%x: !flow.dispatch.tensor<readonly:tensor<4xf32>>, %y: !flow.dispatch.tensor<writeonly:tensor<4xf32>>) {
    // CHECK: iree_tensor_ext.dispatch.tensor.load
    %n = iree_tensor_ext.dispatch.tensor.load %x, offsets = [0], sizes = [4], strides = [1] : !flow.dispatch.tensor<readonly:tensor<4xf32>> -> tensor<4xf32>
    flow.return
  }
  return %0 : tensor<4xf32>
}
