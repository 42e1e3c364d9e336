// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
util.global private @w = #flow.parameter.named<"model"::"w"> : i32
func.func @f() -> i32 {
  %0 = util.global.load @w : i32
  return %0 : i32
}
// CHECK: parameter_global.mlir:2:1: error: a global of type i32 cannot be loaded from parameter 'w'
// CHECK: hint: parameters are tensors of static shape
