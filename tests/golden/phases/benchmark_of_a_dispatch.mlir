// A dispatch to measure is a program of its own that says what it is for: it compiles without flags.
// RUN: iree-compile --iree-hal-target-backends=vmvx --iree-hal-dump-executable-benchmarks-to=- %s -o %t.vmfb | filecheck %s
// RUN: iree-compile --iree-hal-target-backends=vmvx --iree-hal-dump-executable-benchmarks-to=- %s -o %t.vmfb | iree-compile - --compile-to=stream | filecheck %s --check-prefix=MEASURED
// CHECK: module attributes {hal.device.targets = [#hal.device.target<"local", [#hal.executable.target<"vmvx", "vmvx-bytecode-fb">]>]}
// MEASURED: export @abs_dispatch_0_elementwise_4_f32_benchmark
func.func @abs(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %a : tensor<4xf32>
  return %0 : tensor<4xf32>
}
