// Kernels that may divide by zero, or read where an index says.
func.func @divide(%lhs: tensor<16xi32>, %rhs: tensor<16xi32>) -> tensor<16xi32> {
  %quotient = arith.divsi %lhs, %rhs : tensor<16xi32>
  return %quotient : tensor<16xi32>
}
func.func @pick(%input: tensor<16xf32>, %index: i32) -> f32 {
  %place = arith.index_cast %index : i32 to index
  %value = tensor.extract %input[%place] : tensor<16xf32>
  return %value : f32
}
