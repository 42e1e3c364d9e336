// What the stress of calls runs: short and long work, kernels that fail, loops, and calls of Python.
builtin.module @work {
  func.func private @host.check(%value: tensor<4xf32>) -> tensor<4xf32> HOST_MODEL

  func.func @small(%x: tensor<64xf32>) -> tensor<64xf32> {
    %two = arith.constant dense<2.0> : tensor<64xf32>
    %absolute = math.absf %x : tensor<64xf32>
    %result = arith.mulf %absolute, %two : tensor<64xf32>
    return %result : tensor<64xf32>
  }

  func.func @large(%x: tensor<65536xf32>) -> tensor<65536xf32> {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<f32>
    %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<f32>) -> tensor<f32>
    %largest = linalg.reduce ins(%x : tensor<65536xf32>) outs(%start : tensor<f32>) dimensions = [0]
      (%in: f32, %acc: f32) {
        %max = arith.maximumf %in, %acc : f32
        linalg.yield %max : f32
      }
    %wide_empty = tensor.empty() : tensor<65536xf32>
    %wide = linalg.broadcast ins(%largest : tensor<f32>) outs(%wide_empty : tensor<65536xf32>) dimensions = [0]
    %difference = arith.subf %wide, %x : tensor<65536xf32>
    return %difference : tensor<65536xf32>
  }

  func.func @divide(%lhs: tensor<64xi32>, %rhs: tensor<64xi32>) -> tensor<64xi32> {
    %quotient = arith.divsi %lhs, %rhs : tensor<64xi32>
    return %quotient : tensor<64xi32>
  }

  func.func @repeat(%x: tensor<64xf32>, %count: i32) -> tensor<64xf32> {
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %ones = arith.constant dense<1.0> : tensor<64xf32>
    %results:2 = scf.while (%i = %zero, %value = %x) : (i32, tensor<64xf32>) -> (i32, tensor<64xf32>) {
      %more = arith.cmpi slt, %i, %count : i32
      scf.condition(%more) %i, %value : i32, tensor<64xf32>
    } do {
    ^bb0(%i: i32, %value: tensor<64xf32>):
      %next = arith.addi %i, %one : i32
      %sum = arith.addf %value, %ones : tensor<64xf32>
      scf.yield %next, %sum : i32, tensor<64xf32>
    }
    return %results#1 : tensor<64xf32>
  }

  func.func @through_python(%x: tensor<4xf32>) -> tensor<4xf32> {
    %double = arith.addf %x, %x : tensor<4xf32>
    %checked = call @host.check(%double) : (tensor<4xf32>) -> tensor<4xf32>
    %result = arith.addf %checked, %x : tensor<4xf32>
    return %result : tensor<4xf32>
  }
}
