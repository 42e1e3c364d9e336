// RUN: iree-compile --compile-to=input %s | filecheck %s
// RUN: iree-compile --iree-hal-target-backends=vmvx %s -o %t.vmfb
// RUN: iree-run-module --device=local-sync --module=%t.vmfb --function=loop --input=i32=3 --input=2xf32=1,2 | filecheck %s --check-prefix=LOOP
// RUN: iree-run-module --device=local-sync --module=%t.vmfb --function=pick --input=i32=0 --input=2xf32=1,2 | filecheck %s --check-prefix=FIRST
// RUN: iree-run-module --device=local-sync --module=%t.vmfb --function=pick --input=i32=-5 --input=2xf32=1,2 | filecheck %s --check-prefix=LAST
// RUN: iree-run-module --device=local-sync --module=%t.vmfb --function=normal --input=1x2xf32=3,7 | filecheck %s --check-prefix=NORMAL
// CHECK-LABEL: func.func @loop
// CHECK: scf.while
// CHECK: scf.condition
// LOOP: 2xf32=8 16
func.func @loop(%n: tensor<i32>, %x: tensor<2xf32>) -> tensor<2xf32> {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %r:2 = stablehlo.while(%i = %zero, %v = %x) : tensor<i32>, tensor<2xf32>
    cond {
      %c = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %c : tensor<i1>
    } do {
      %j = stablehlo.add %i, %one : tensor<i32>
      %w = stablehlo.add %v, %v : tensor<2xf32>
      stablehlo.return %j, %w : tensor<i32>, tensor<2xf32>
    }
  return %r#1 : tensor<2xf32>
}
// An index out of range picks the last branch.
// CHECK-LABEL: func.func @pick
// CHECK: scf.index_switch
// FIRST: 2xf32=-1 -2
// LAST: 2xf32=1 4
func.func @pick(%i: tensor<i32>, %x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = "stablehlo.case"(%i) ({
    %a = stablehlo.negate %x : tensor<2xf32>
    stablehlo.return %a : tensor<2xf32>
  }, {
    %a = stablehlo.multiply %x, %x : tensor<2xf32>
    stablehlo.return %a : tensor<2xf32>
  }) : (tensor<i32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
// (3 - 1) / sqrt(3 + 1) * 10 + 5, (7 - 1) / sqrt(8 + 1) * 10 + 5
// NORMAL: 1x2xf32=[15 25]
func.func @normal(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %scale = stablehlo.constant dense<10.0> : tensor<2xf32>
  %offset = stablehlo.constant dense<5.0> : tensor<2xf32>
  %mean = stablehlo.constant dense<1.0> : tensor<2xf32>
  %variance = stablehlo.constant dense<[3.0, 8.0]> : tensor<2xf32>
  %0 = "stablehlo.batch_norm_inference"(%x, %scale, %offset, %mean, %variance) {epsilon = 1.0 : f32, feature_index = 1 : i64}
    : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
