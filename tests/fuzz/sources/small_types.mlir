// Elements of one, two and eight bytes.
func.func @bytes(%input: tensor<16xi8>) -> tensor<16xi32> {
  %wide = arith.extsi %input : tensor<16xi8> to tensor<16xi32>
  %square = arith.muli %wide, %wide : tensor<16xi32>
  return %square : tensor<16xi32>
}
func.func @shorts(%input: tensor<16xi16>) -> tensor<16xi16> {
  %sum = arith.addi %input, %input : tensor<16xi16>
  return %sum : tensor<16xi16>
}
func.func @longs(%input: tensor<16xi64>) -> tensor<16xi64> {
  %three = arith.constant dense<3> : tensor<16xi64>
  %shifted = arith.shli %input, %three : tensor<16xi64>
  return %shifted : tensor<16xi64>
}
