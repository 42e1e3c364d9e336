// Loaded before the module in C, which calls it.
module @prepare {
  func.func @weigh(%input: tensor<?xf32>) -> tensor<?xf32> {
    %two = arith.constant 2.0 : f32
    %zero = arith.constant 0 : index
    %size = tensor.dim %input, %zero : tensor<?xf32>
    %empty = tensor.empty(%size) : tensor<?xf32>
    %twos = linalg.fill ins(%two : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
    %weighed = arith.mulf %input, %twos : tensor<?xf32>
    return %weighed : tensor<?xf32>
  }
}
