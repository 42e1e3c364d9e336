"""Kernels of other architectures, emulated: their arithmetic, their relocations, their builtin functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from emulated_kernels import MACHINES, run_emulated

from gossamer.compiler import flow
from gossamer.compiler.codegen import plan
from gossamer.compiler.mlir import parse_text
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.target.llvm_cpu.target import LlvmCpuTarget
from gossamer.compiler.target.target import ExecutableSource

LAYER = """
func.func @f(%x: tensor<4x8xf32>, %w: tensor<8x16xf32>, %b: tensor<16xf32>) -> tensor<4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x16xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x16xf32>) -> tensor<4x16xf32>
  %product = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x16xf32>)
    outs(%filled : tensor<4x16xf32>) -> tensor<4x16xf32>
  %wide = linalg.broadcast ins(%b : tensor<16xf32>) outs(%empty : tensor<4x16xf32>) dimensions = [0]
  %sum = arith.addf %product, %wide : tensor<4x16xf32>
  %result = math.tanh %sum : tensor<4x16xf32>
  return %result : tensor<4x16xf32>
}
"""
SUM_OF_EXPONENTIALS = """
func.func @f(%x: tensor<6x40xf32>) -> tensor<6xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<6xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<6xf32>) -> tensor<6xf32>
  %powers = math.exp %x : tensor<6x40xf32>
  %result = linalg.reduce { arith.addf } ins(%powers : tensor<6x40xf32>)
    outs(%filled : tensor<6xf32>) dimensions = [1]
  return %result : tensor<6xf32>
}
"""
# Remainders are computed by a function that every processor needs.
REMAINDER = """
func.func @f(%x: tensor<50xf32>, %y: tensor<50xf32>) -> tensor<50xf32> {
  %result = arith.remf %x, %y : tensor<50xf32>
  return %result : tensor<50xf32>
}
"""


def _run(folder: Path, architecture: str, text: str, arguments: list[np.ndarray]) -> np.ndarray:
    """The result of a program of one dispatch."""
    program = flow.run(parse_text(text))
    sources = {name: plan(executable) for name, executable in program.executables.items()}
    (source,) = sources.values()
    options = CompileOptions(llvmcpu_target_triple=architecture)
    (binary,) = LlvmCpuTarget().compile(ExecutableSource("kernels", sources), options)
    (type,) = source.executable.function.attributes["function_type"].value.results
    result = np.zeros([type.get_dim_size(dim) for dim in range(type.rank)], np.float32)
    memory = [
        arguments[binding.index] if binding.kind == "operand" else result
        for binding in source.interface.bindings
    ]
    x, y, z = (each.static_value or 0 for each in source.interface.workgroup_count)
    after = run_emulated(folder, architecture, binary.data, memory, (x, y, z))
    kinds = [binding.kind for binding in source.interface.bindings]
    return after[kinds.index("result")]


@pytest.mark.parametrize("architecture", sorted(MACHINES))
def test_a_layer_of_a_network(tmp_path: Path, architecture: str) -> None:
    random = np.random.default_rng(1)
    x, w, b = (random.standard_normal(shape).astype(np.float32) for shape in ((4, 8), (8, 16), (16,)))

    np.testing.assert_allclose(_run(tmp_path, architecture, LAYER, [x, w, b]), np.tanh(x @ w + b), rtol=1e-5)


@pytest.mark.parametrize("architecture", sorted(MACHINES))
def test_a_reduction(tmp_path: Path, architecture: str) -> None:
    x = np.random.default_rng(2).standard_normal((6, 40)).astype(np.float32)

    got = _run(tmp_path, architecture, SUM_OF_EXPONENTIALS, [x])

    np.testing.assert_allclose(got, np.exp(x).sum(axis=1), rtol=1e-5)


@pytest.mark.parametrize("architecture", sorted(MACHINES))
def test_a_remainder(tmp_path: Path, architecture: str) -> None:
    random = np.random.default_rng(3)
    x, y = (random.uniform(-scale, scale, 50).astype(np.float32) for scale in (1000, 10))

    np.testing.assert_array_equal(_run(tmp_path, architecture, REMAINDER, [x, y]), np.fmod(x, y))
