// RUN: not iree-compile --iree-hal-target-backends=vmvx %s 2>&1 | filecheck %s
// A bit for each truth value is another layout than the byte for each that kernels read.
func.func @f(%a: tensor<1xi8>) -> tensor<8xi1> {
  %0 = flow.tensor.bitcast %a : tensor<1xi8> -> tensor<8xi1, #iree_encoding.packed_storage>
  %1 = tensor.cast %0 : tensor<8xi1, #iree_encoding.packed_storage> to tensor<8xi1>
  return %1 : tensor<8xi1>
}
// CHECK: packed_truth_values.mlir:4:8: error: truth values are stored in bytes, not packed
// CHECK: hint: leave #iree_encoding.packed_storage out, or pack them into integers
