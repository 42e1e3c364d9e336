// Calls functions of `counter`, which is loaded before it.
builtin.module @front {
  func.func private @counter.add(%value: tensor<16xf32>) -> tensor<16xf32>
  func.func private @counter.count() -> i32
  func.func @twice(%value: tensor<16xf32>) -> (tensor<16xf32>, i32) {
    %first = call @counter.add(%value) : (tensor<16xf32>) -> tensor<16xf32>
    %second = call @counter.add(%first) : (tensor<16xf32>) -> tensor<16xf32>
    %both = arith.addf %first, %second : tensor<16xf32>
    %count = call @counter.count() : () -> i32
    return %both, %count : tensor<16xf32>, i32
  }
}
