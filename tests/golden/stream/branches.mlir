// Each block is told the time at which what came before it is done; one without work hands it on.
// RUN: iree-compile --iree-hal-target-backends=vmvx --iree-execution-model=async-external --compile-to=stream %s | filecheck %s
// CHECK: cond_br %{{.*}}, ^bb1(%wait), ^bb2(%wait)
// CHECK: ^bb1(%[[ARRIVAL:.*]]):
// CHECK-NEXT: {{.*}} = alloca 16 bytes await(%[[ARRIVAL]])
// CHECK: ^bb2(%[[OTHER:.*]]):
// CHECK-NEXT: signal await(%[[OTHER]]) => %signal
func.func @choose(%flag: i1, %a: tensor<4xf32>) -> tensor<4xf32> {
  cf.cond_br %flag, ^yes, ^no
^yes:
  %0 = math.absf %a : tensor<4xf32>
  return %0 : tensor<4xf32>
^no:
  return %a : tensor<4xf32>
}
