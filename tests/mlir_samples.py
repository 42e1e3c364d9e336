"""MLIR that several tests compile, and the flags that choose what for."""

from __future__ import annotations

VMVX_FLAGS = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx")
LLVM_CPU_FLAGS = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu")
ASYNC_FLAGS = ("--iree-execution-model=async-external",)

ABS_MLIR = """\
func.func @abs(%input: tensor<16xf32>) -> tensor<16xf32> {
  %result = math.absf %input : tensor<16xf32>
  return %result : tensor<16xf32>
}
"""

PIPELINE_MLIR = """\
func.func private @abs_module.abs(%input: tensor<16xf32>) -> tensor<16xf32>
func.func private @mul_module.mul(%lhs: tensor<16xf32>, %rhs: tensor<16xf32>,
    %output: tensor<16xf32> {iree.abi.output = 0 : index}) -> tensor<16xf32>
func.func @run(%input: tensor<16xf32>) -> tensor<16xf32> {
  %0 = call @abs_module.abs(%input) : (tensor<16xf32>) -> tensor<16xf32>
  %1 = tensor.empty() : tensor<16xf32>
  %2 = call @mul_module.mul(%0, %0, %1)
    : (tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %2 : tensor<16xf32>
}
"""
