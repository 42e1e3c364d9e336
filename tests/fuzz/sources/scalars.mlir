// Arithmetic of the host only: no tensors, no device.
func.func @power(%base: i32, %exponent: i32) -> i32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %start = arith.constant 1 : i32
  %end = arith.index_cast %exponent : i32 to index
  %result = scf.for %i = %zero to %end step %one iter_args(%product = %start) -> i32 {
    %next = arith.muli %product, %base : i32
    scf.yield %next : i32
  }
  return %result : i32
}
func.func @divide(%lhs: i64, %rhs: i64) -> (i64, i64) {
  %quotient = arith.divsi %lhs, %rhs : i64
  %rest = arith.remui %lhs, %rhs : i64
  return %quotient, %rest : i64, i64
}
func.func @root(%x: f32, %y: f32) -> f32 {
  %0 = arith.mulf %x, %x : f32
  %1 = arith.mulf %y, %y : f32
  %2 = arith.addf %0, %1 : f32
  %3 = math.sqrt %2 : f32
  return %3 : f32
}
func.func @choose(%key: i32) -> i32 {
  %ten = arith.constant 10 : i32
  %is_small = arith.cmpi slt, %key, %ten : i32
  cf.cond_br %is_small, ^small, ^large(%key : i32)
^small:
  %factor = arith.constant 7 : i32
  %scaled = arith.muli %key, %factor : i32
  cf.br ^large(%scaled : i32)
^large(%value: i32):
  return %value : i32
}
