// A module of its own: |x| on 4,096 floats. The result is new memory, allocated by this module.
builtin.module @module_a {
  func.func @abs(%input: tensor<4096xf32>) -> tensor<4096xf32> {
    %absolute = math.absf %input : tensor<4096xf32>
    return %absolute : tensor<4096xf32>
  }
}
