// The same program with calls that do not wait: "coarse-fences" functions take a fence to wait for and a
// fence to signal, and return at once. The compiler passes the fences from call to call.
func.func private @module_a.abs(%input: tensor<4096xf32>) -> tensor<4096xf32>
    attributes {iree.abi.model = "coarse-fences"}
func.func private @module_b.mul(%lhs: tensor<4096xf32>, %rhs: tensor<4096xf32>,
    %output: tensor<4096xf32> {iree.abi.output = 0 : index}) -> tensor<4096xf32>
    attributes {iree.abi.model = "coarse-fences"}

func.func @run(%input: tensor<4096xf32>) -> tensor<4096xf32> {
  %absolute = call @module_a.abs(%input) : (tensor<4096xf32>) -> tensor<4096xf32>
  %storage = tensor.empty() : tensor<4096xf32>
  %square = call @module_b.mul(%absolute, %absolute, %storage)
      : (tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>) -> tensor<4096xf32>
  return %square : tensor<4096xf32>
}
