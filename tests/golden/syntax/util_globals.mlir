// RUN: iree-compile --compile-to=input %s | filecheck %s
// CHECK-LABEL: module @state
builtin.module @state {
  // CHECK: ml_program.global private mutable @sum : tensor<4xf32>
  util.global private mutable @sum : tensor<4xf32>
  // CHECK: ml_program.global private mutable @count(7 : i32) : i32
  util.global private mutable @count = 7 : i32
  // CHECK: ml_program.global private @fixed(dense<1.000000e+00> : tensor<2xf32>) : tensor<2xf32>
  util.global private @fixed = dense<1.0> : tensor<2xf32>
  // CHECK: ml_program.global private mutable @late : tensor<2xf32> {gossamer.immutable}
  util.global private @late : tensor<2xf32>
  // CHECK: func.func private @__init1() attributes {gossamer.initializer}
  util.initializer {
    %0 = arith.constant dense<2.0> : tensor<2xf32>
    // CHECK: ml_program.global_store @late
    util.global.store %0, @late : tensor<2xf32>
    // CHECK: return
    util.return
  }
  // CHECK: func.func @next() -> i32
  util.func public @next() -> i32 {
    // CHECK: ml_program.global_load @count : i32
    %count = util.global.load @count : i32
    %one = arith.constant 1 : i32
    %next = arith.addi %count, %one : i32
    // CHECK: ml_program.global_store @count
    util.global.store %next, @count : i32
    util.return %next : i32
  }
}
