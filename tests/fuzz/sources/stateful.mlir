// State: a sum of vectors and how many were added.
builtin.module @counter {
  util.global private mutable @sum : tensor<16xf32>
  util.global private mutable @added = 0 : i32
  util.initializer {
    %zeros = arith.constant dense<0.0> : tensor<16xf32>
    util.global.store %zeros, @sum : tensor<16xf32>
    util.return
  }
  func.func @add(%value: tensor<16xf32>) -> tensor<16xf32> {
    %sum = util.global.load @sum : tensor<16xf32>
    %next = arith.addf %sum, %value : tensor<16xf32>
    util.global.store %next, @sum : tensor<16xf32>
    %count = util.global.load @added : i32
    %one = arith.constant 1 : i32
    %more = arith.addi %count, %one : i32
    util.global.store %more, @added : i32
    return %next : tensor<16xf32>
  }
  func.func @count() -> i32 {
    %count = util.global.load @added : i32
    return %count : i32
  }
}
