// A tensor that a parameter file holds.
util.global private @scale = #flow.parameter.named<"model"::"scale"> : tensor<16xf32>
func.func @run(%input: tensor<16xf32>) -> tensor<16xf32> {
  %scale = util.global.load @scale : tensor<16xf32>
  %scaled = arith.mulf %input, %scale : tensor<16xf32>
  return %scaled : tensor<16xf32>
}
