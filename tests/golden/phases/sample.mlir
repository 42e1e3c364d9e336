// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s --check-prefix=FLOW
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=executable-targets %s | filecheck %s --check-prefix=KERNEL
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=hal %s | filecheck %s --check-prefix=HOST
// RUN: iree-compile --iree-hal-target-backends=vmvx %s -o %t.vmfb
// RUN: iree-run-module --device=local-sync --module=%t.vmfb --function=abs --input=4xf32=-1,2,-3,4 | filecheck %s --check-prefix=RESULT
// FLOW: "flow.dispatch"(%{{.*}}) {executable = @abs_dispatch_0
// KERNEL: vm.export @abs_dispatch_0_elementwise_4_f32
// HOST: vm.import private @hal.
// HOST: vm.export @abs
// RESULT: 4xf32=1 2 3 4
func.func @abs(%input: tensor<4xf32>) -> tensor<4xf32> {
  %result = math.absf %input : tensor<4xf32>
  return %result : tensor<4xf32>
}
