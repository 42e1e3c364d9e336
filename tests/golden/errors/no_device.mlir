// RUN: not iree-compile %s 2>&1 | filecheck %s
// RUN: not iree-compile --iree-hal-target-device=local %s 2>&1 | filecheck %s --check-prefix=BACKEND
// RUN: not iree-compile --iree-execution-model=host-only %s 2>&1 | filecheck %s --check-prefix=HOST
func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
// CHECK: error: no HAL devices defined in the module
// CHECK: hint: say which with --iree-hal-target-device=local --iree-hal-local-target-device-backends=vmvx
// BACKEND: error: device alias "local" does not provide any executable targets
// BACKEND: hint: add --iree-hal-local-target-device-backends=vmvx
// HOST: error: a program with kernels needs a device, and execution model 'host-only' has none
// HOST: hint: leave out --iree-execution-model=host-only
