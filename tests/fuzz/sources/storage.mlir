// The caller passes the memory of a result; the other one is new. A constant larger than tables hold.
func.func @run(%lhs: tensor<16xf32>, %rhs: tensor<16xf32>,
    %output: tensor<16xf32> {iree.abi.output = 0 : index}) -> (tensor<16xf32>, tensor<2048xf32>) {
  %product = arith.mulf %lhs, %rhs : tensor<16xf32>
  %table = util.global.load @table : tensor<2048xf32>
  %doubled = arith.addf %table, %table : tensor<2048xf32>
  return %product, %doubled : tensor<16xf32>, tensor<2048xf32>
}
util.global private mutable @table = dense<1.25> : tensor<2048xf32>
