// A shape known at run time only.
func.func @run(%lhs: tensor<?xf32>, %rhs: tensor<?xf32>) -> (tensor<?xf32>, i32) {
  %zero = arith.constant 0 : index
  %size = tensor.dim %lhs, %zero : tensor<?xf32>
  %sum = arith.addf %lhs, %rhs : tensor<?xf32>
  %count = arith.index_cast %size : index to i32
  return %sum, %count : tensor<?xf32>, i32
}
