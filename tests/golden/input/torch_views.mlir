// A view that leaves one size to be computed, of a tensor with two unknown sizes, keeps all elements.
// RUN: iree-compile --iree-hal-target-backends=vmvx --compile-to=input %s | filecheck %s

func.func @f(%x: !torch.vtensor<[?,?,2],f32>) -> !torch.vtensor<[?,2],f32> {
  %computed = torch.constant.int -1
  %two = torch.constant.int 2
  %sizes = torch.prim.ListConstruct %computed, %two : (!torch.int, !torch.int) -> !torch.list<int>
  %0 = torch.aten.view %x, %sizes : !torch.vtensor<[?,?,2],f32>, !torch.list<int> -> !torch.vtensor<[?,2],f32>
  return %0 : !torch.vtensor<[?,2],f32>
}

// CHECK-LABEL: func.func @f(
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<?x?x2xf32> into tensor<?x2xf32>
