"""Kernels in whole modules, run by the reference runtime beside those of the reference compiler."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from kernel_cases import random_array

from gossamer.compiler.api import compile_text

PROGRAM = """
#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
func.func @product(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = arith.mulf %a, %b : tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
func.func @layer(%a: tensor<?x7xf32>, %b: tensor<7x40xf32>, %c: tensor<40xf32>) -> tensor<?x40xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %a, %c0 : tensor<?x7xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty(%m) : tensor<?x40xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<?x40xf32>) -> tensor<?x40xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<?x7xf32>, tensor<7x40xf32>) outs(%f : tensor<?x40xf32>)
    -> tensor<?x40xf32>
  %1 = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %c : tensor<?x40xf32>, tensor<40xf32>) outs(%e : tensor<?x40xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %2 = arith.addf %x, %y : f32
    %3 = arith.maximumf %2, %z : f32
    linalg.yield %3 : f32
  } -> tensor<?x40xf32>
  return %1 : tensor<?x40xf32>
}
func.func @softmax(%a: tensor<6x20xf32>) -> tensor<6x20xf32> {
  %e = tensor.empty() : tensor<6x20xf32>
  %0 = linalg.softmax dimension(1) ins(%a : tensor<6x20xf32>) outs(%e : tensor<6x20xf32>) -> tensor<6x20xf32>
  return %0 : tensor<6x20xf32>
}
func.func @narrow(%a: tensor<33xi8>, %b: tensor<33xi8>) -> (tensor<33xi16>, tensor<33xi1>) {
  %0 = arith.extsi %a : tensor<33xi8> to tensor<33xi16>
  %1 = arith.extui %b : tensor<33xi8> to tensor<33xi16>
  %2 = arith.muli %0, %1 : tensor<33xi16>
  %3 = arith.cmpi slt, %a, %b : tensor<33xi8>
  return %2, %3 : tensor<33xi16>, tensor<33xi1>
}
func.func @wide(%a: tensor<9xf32>, %b: tensor<9xi64>) -> (tensor<9xf32>, tensor<9xi64>) {
  %0 = arith.sitofp %b : tensor<9xi64> to tensor<9xf32>
  %1 = arith.divf %a, %0 : tensor<9xf32>
  %2 = arith.muli %b, %b : tensor<9xi64>
  return %1, %2 : tensor<9xf32>, tensor<9xi64>
}
func.func @frame(%a: tensor<?x?xf32>, %b: tensor<2x3xf32>) -> tensor<?x?xf32> {
  %v = arith.constant 5.0 : f32
  %0 = tensor.pad %a low[1, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %v : f32
  } : tensor<?x?xf32> to tensor<?x?xf32>
  %1 = tensor.insert_slice %b into %0[1, 1] [2, 3] [1, 1] : tensor<2x3xf32> into tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}
func.func @count(%a: tensor<5x4xi32>) -> tensor<4xi32> {
  %z = arith.constant dense<0> : tensor<4xi32>
  %0 = linalg.reduce { arith.addi } ins(%a : tensor<5x4xi32>) outs(%z : tensor<4xi32>) dimensions = [0]
  return %0 : tensor<4xi32>
}
"""

A, B = random_array(4, 7), random_array(2, 3)
CASES = {
    "product": [random_array(3, 50), random_array(3, 50, seed=1)],
    "product-empty": [np.zeros((0, 3), np.float32)] * 2,
    "layer": [A, random_array(7, 40), random_array(40)],
    "softmax": [random_array(6, 20)],
    "narrow": [random_array(33, dtype=np.int8), random_array(33, dtype=np.int8, seed=1)],
    "wide": [random_array(9, dtype=np.float32), np.arange(1, 10)],
    "frame": [A, B],
    "count": [random_array(5, 4, dtype=np.int32)],
}


@pytest.fixture(scope="module")
def modules(compile_mlir: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The program, compiled by both compilers."""
    ours = tmp_path_factory.mktemp("codegen") / "program.vmfb"
    ours.write_bytes(compile_text(PROGRAM))
    return {"ours": ours, "reference": compile_mlir(PROGRAM, name="program")}


@pytest.mark.reference
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
@pytest.mark.parametrize("case", CASES)
def test_reference_runtime_agrees(
    case: str, device: str, modules: dict[str, Path], iree_bin: Path, tmp_path: Path
) -> None:
    inputs = []
    for number, array in enumerate(CASES[case]):
        np.save(tmp_path / f"{number}.npy", array)
        inputs.append(f"--input=@{tmp_path / f'{number}.npy'}")
    function = case.partition("-")[0]
    count = 2 if function in ("narrow", "wide") else 1

    def run(module: Path, name: str) -> list[np.ndarray]:
        outputs = [tmp_path / f"{name}{number}.npy" for number in range(count)]
        command = [str(iree_bin / "iree-run-module"), f"--module={module}", f"--device={device}"]
        command += [f"--function={function}", *inputs, *(f"--output=@{path}" for path in outputs)]
        subprocess.run(command, check=True, capture_output=True)
        return [np.load(path) for path in outputs]

    for ours, reference in zip(
        run(modules["ours"], "ours"), run(modules["reference"], "reference"), strict=True
    ):
        assert ours.dtype == reference.dtype
        if ours.dtype.kind == "f":
            np.testing.assert_allclose(ours, reference, 1e-5, 1e-6)
        else:
            np.testing.assert_array_equal(ours, reference)
