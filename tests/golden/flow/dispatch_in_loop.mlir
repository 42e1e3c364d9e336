// Control flow stays with the host, which dispatches in each iteration.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=flow %s | filecheck %s

func.func @f(%a: tensor<8xf32>, %n: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a) -> tensor<8xf32> {
    %1 = arith.addf %x, %a : tensor<8xf32>
    scf.yield %1 : tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @f(
// CHECK: ^[[HEAD:bb.*]](%{{.*}}: index, %[[X:.*]]: tensor<8xf32>)
// CHECK: cf.cond_br
// CHECK: %[[NEXT:.*]] = "flow.dispatch"(%[[X]], %{{.*}})
// CHECK: cf.br ^[[HEAD]](%{{.*}}, %[[NEXT]] : index, tensor<8xf32>)
