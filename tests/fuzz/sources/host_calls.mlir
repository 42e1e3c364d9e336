// Calls functions of `host`, a module written in Python.
builtin.module @caller {
  func.func private @host.scale(%value: tensor<16xf32>, %factor: f32) -> tensor<16xf32>
  func.func private @host.next(%number: i32) -> i32
  func.func @run(%value: tensor<16xf32>, %number: i32) -> (tensor<16xf32>, i32) {
    %factor = arith.constant 3.0 : f32
    %scaled = call @host.scale(%value, %factor) : (tensor<16xf32>, f32) -> tensor<16xf32>
    %sum = arith.addf %scaled, %value : tensor<16xf32>
    %next = call @host.next(%number) : (i32) -> i32
    return %sum, %next : tensor<16xf32>, i32
  }
}
