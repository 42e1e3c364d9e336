// run(x) = |x| * |x|, made of calls to two modules that are loaded before this one.
// A function declared without a body is taken from another module: `module.function`.
func.func private @module_a.abs(%input: tensor<4096xf32>) -> tensor<4096xf32>
func.func private @module_b.mul(%lhs: tensor<4096xf32>, %rhs: tensor<4096xf32>,
    %output: tensor<4096xf32> {iree.abi.output = 0 : index}) -> tensor<4096xf32>

func.func @run(%input: tensor<4096xf32>) -> tensor<4096xf32> {
  %absolute = call @module_a.abs(%input) : (tensor<4096xf32>) -> tensor<4096xf32>
  // Memory for the product: allocated here, filled by module_b, returned without a copy.
  %storage = tensor.empty() : tensor<4096xf32>
  %square = call @module_b.mul(%absolute, %absolute, %storage)
      : (tensor<4096xf32>, tensor<4096xf32>, tensor<4096xf32>) -> tensor<4096xf32>
  return %square : tensor<4096xf32>
}
