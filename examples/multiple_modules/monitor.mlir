// Uses the counter's state through its functions: the mean of all vectors so far.
builtin.module @monitor {
  func.func private @counter.add(%value: tensor<4xf32>) -> tensor<4xf32>
  func.func private @counter.count() -> i32

  func.func @mean(%value: tensor<4xf32>) -> tensor<4xf32> {
    %sum = call @counter.add(%value) : (tensor<4xf32>) -> tensor<4xf32>
    %count = call @counter.count() : () -> i32
    %countf = arith.sitofp %count : i32 to f32
    %empty = tensor.empty() : tensor<4xf32>
    %divisor = linalg.fill ins(%countf : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
    %mean = arith.divf %sum, %divisor : tensor<4xf32>
    return %mean : tensor<4xf32>
  }
}
