// Loaded after the module in C, and calls it.
module @program {
  func.func private @filter.smooth(%input: tensor<?xf32>) -> tensor<?xf32>
  func.func private @filter.calls() -> i64

  func.func @run(%input: tensor<?xf32>) -> (tensor<?xf32>, i64) {
    %once = call @filter.smooth(%input) : (tensor<?xf32>) -> tensor<?xf32>
    %twice = call @filter.smooth(%once) : (tensor<?xf32>) -> tensor<?xf32>
    %calls = call @filter.calls() : () -> i64
    return %twice, %calls : tensor<?xf32>, i64
  }
}
