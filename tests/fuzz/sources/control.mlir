// Control flow of the host around dispatches.
func.func @run(%input: tensor<16xf32>, %count: i32) -> tensor<16xf32> {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %results:2 = scf.while (%i = %zero, %value = %input) : (i32, tensor<16xf32>) -> (i32, tensor<16xf32>) {
    %more = arith.cmpi slt, %i, %count : i32
    scf.condition(%more) %i, %value : i32, tensor<16xf32>
  } do {
  ^bb0(%i: i32, %value: tensor<16xf32>):
    %next = arith.addi %i, %one : i32
    %doubled = arith.addf %value, %value : tensor<16xf32>
    scf.yield %next, %doubled : i32, tensor<16xf32>
  }
  return %results#1 : tensor<16xf32>
}
