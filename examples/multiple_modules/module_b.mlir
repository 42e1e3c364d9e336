// Another: lhs * rhs. `iree.abi.output = 0` says that the caller passes the memory of result 0 as %output.
builtin.module @module_b {
  func.func @mul(%lhs: tensor<4096xf32>, %rhs: tensor<4096xf32>,
                 %output: tensor<4096xf32> {iree.abi.output = 0 : index}) -> tensor<4096xf32> {
    %product = arith.mulf %lhs, %rhs : tensor<4096xf32>
    return %product : tensor<4096xf32>
  }
}
