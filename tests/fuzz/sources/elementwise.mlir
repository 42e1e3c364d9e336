// One dispatch: |x| * 2 + 1.
func.func @run(%input: tensor<16xf32>) -> tensor<16xf32> {
  %two = arith.constant dense<2.0> : tensor<16xf32>
  %one = arith.constant dense<1.0> : tensor<16xf32>
  %absolute = math.absf %input : tensor<16xf32>
  %scaled = arith.mulf %absolute, %two : tensor<16xf32>
  %result = arith.addf %scaled, %one : tensor<16xf32>
  return %result : tensor<16xf32>
}
