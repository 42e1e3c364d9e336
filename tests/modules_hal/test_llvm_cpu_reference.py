"""Modules that the reference compiles for llvm-cpu give in our runtime what they give in its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest

import gossamer
from gossamer.compiler.api import compile_text
from gossamer.errors import IncompatibleError, PermissionDeniedError
from gossamer.processor.host import host_elf_machine
from gossamer.runtime.devices import new_device
from mlir_samples import ABS_MLIR, ASYNC_FLAGS, LLVM_CPU_FLAGS, PIPELINE_MLIR, VMVX_FLAGS

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(host_elf_machine() != 62, reason="needs x86-64 with a POSIX C library"),
]

CompileMlir = Callable[..., Path]
Array: TypeAlias = npt.NDArray[Any]
DEVICES = pytest.mark.parametrize("device", ["local-sync", "local-task"])

OPERATIONS = (
    """
func.func @elementwise(%x: tensor<1000xf32>, %y: tensor<1000xf32>) -> tensor<1000xf32> {
  %0 = math.exp %x : tensor<1000xf32>
  %1 = math.tanh %y : tensor<1000xf32>
  %2 = arith.divf %0, %1 : tensor<1000xf32>
  %3 = math.sqrt %2 : tensor<1000xf32>
  %4 = math.sin %3 : tensor<1000xf32>
  return %4 : tensor<1000xf32>
}
""",
    """
func.func @tiny(%x: tensor<64xf32>) -> tensor<64xf32> {
  %c = arith.constant dense<0.5> : tensor<64xf32>
  %0 = arith.mulf %x, %c : tensor<64xf32>
  return %0 : tensor<64xf32>
}
""",
    """
func.func @matmul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %a, %c0 : tensor<?x?xf32>
  %n = tensor.dim %b, %c1 : tensor<?x?xf32>
  %empty = tensor.empty(%m, %n) : tensor<?x?xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x?xf32>) -> tensor<?x?xf32>
  %product = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
      outs(%filled : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %product : tensor<?x?xf32>
}
""",
    """
func.func @softmax(%x: tensor<?x33xf32>) -> tensor<?x33xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x33xf32>
  %empty = tensor.empty(%m) : tensor<?x33xf32>
  %result = linalg.softmax dimension(1) ins(%x : tensor<?x33xf32>) outs(%empty : tensor<?x33xf32>)
      -> tensor<?x33xf32>
  return %result : tensor<?x33xf32>
}
""",
    """
func.func @sum(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %empty = tensor.empty(%m) : tensor<?xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  %result = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x?xf32>) outs(%filled : tensor<?xf32>) {
    ^bb0(%in: f32, %acc: f32):
      %s = arith.addf %in, %acc : f32
      linalg.yield %s : f32
  } -> tensor<?xf32>
  return %result : tensor<?xf32>
}
""",
    """
func.func @int8_matmul(%a: tensor<17x40xi8>, %b: tensor<40x9xi8>) -> tensor<17x9xi32> {
  %zero = arith.constant 0 : i32
  %empty = tensor.empty() : tensor<17x9xi32>
  %filled = linalg.fill ins(%zero : i32) outs(%empty : tensor<17x9xi32>) -> tensor<17x9xi32>
  %product = linalg.matmul ins(%a, %b : tensor<17x40xi8>, tensor<40x9xi8>)
      outs(%filled : tensor<17x9xi32>) -> tensor<17x9xi32>
  return %product : tensor<17x9xi32>
}
""",
    """
func.func @half_matmul(%a: tensor<16x24xf16>, %b: tensor<24x8xf16>) -> tensor<16x8xf16> {
  %zero = arith.constant 0.0 : f16
  %empty = tensor.empty() : tensor<16x8xf16>
  %filled = linalg.fill ins(%zero : f16) outs(%empty : tensor<16x8xf16>) -> tensor<16x8xf16>
  %product = linalg.matmul ins(%a, %b : tensor<16x24xf16>, tensor<24x8xf16>)
      outs(%filled : tensor<16x8xf16>) -> tensor<16x8xf16>
  return %product : tensor<16x8xf16>
}
""",
    """
func.func @bfloat(%x: tensor<100xf32>, %y: tensor<100xf32>) -> tensor<100xf32> {
  %0 = arith.truncf %x : tensor<100xf32> to tensor<100xbf16>
  %1 = arith.truncf %y : tensor<100xf32> to tensor<100xbf16>
  %2 = arith.mulf %0, %1 : tensor<100xbf16>
  %3 = math.exp %2 : tensor<100xbf16>
  %4 = arith.extf %3 : tensor<100xbf16> to tensor<100xf32>
  return %4 : tensor<100xf32>
}
""",
    """
func.func @layers(%x: tensor<4x64xf32>, %w0: tensor<64x96xf32>, %w1: tensor<96x10xf32>)
    -> tensor<4x10xf32> {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<4x96xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<4x96xf32>) -> tensor<4x96xf32>
  %h0 = linalg.matmul ins(%x, %w0 : tensor<4x64xf32>, tensor<64x96xf32>)
      outs(%f0 : tensor<4x96xf32>) -> tensor<4x96xf32>
  %z = arith.constant dense<0.0> : tensor<4x96xf32>
  %h1 = arith.maximumf %h0, %z : tensor<4x96xf32>
  %e1 = tensor.empty() : tensor<4x10xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<4x10xf32>) -> tensor<4x10xf32>
  %h2 = linalg.matmul ins(%h1, %w1 : tensor<4x96xf32>, tensor<96x10xf32>)
      outs(%f1 : tensor<4x10xf32>) -> tensor<4x10xf32>
  %e2 = tensor.empty() : tensor<4x10xf32>
  %result = linalg.softmax dimension(1) ins(%h2 : tensor<4x10xf32>) outs(%e2 : tensor<4x10xf32>)
      -> tensor<4x10xf32>
  return %result : tensor<4x10xf32>
}
""",
    """
func.func @wide(%x: tensor<128x1024xf32>) -> tensor<1024x128xf32> {
  %empty = tensor.empty() : tensor<1024x128xf32>
  %0 = linalg.transpose ins(%x : tensor<128x1024xf32>) outs(%empty : tensor<1024x128xf32>)
      permutation = [1, 0]
  return %0 : tensor<1024x128xf32>
}
""",
    """
func.func @scaled(%x: tensor<?xi64>, %scale: i64) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?xi64>
  %empty = tensor.empty(%m) : tensor<?xi64>
  %splat = linalg.fill ins(%scale : i64) outs(%empty : tensor<?xi64>) -> tensor<?xi64>
  %0 = arith.muli %x, %splat : tensor<?xi64>
  return %0 : tensor<?xi64>
}
""",
)

MUL_MLIR = """\
builtin.module @mul_module {
  func.func @mul(%lhs: tensor<16xf32>, %rhs: tensor<16xf32>,
      %output: tensor<16xf32> {iree.abi.output = 0 : index}) -> tensor<16xf32> {
    %0 = arith.mulf %lhs, %rhs : tensor<16xf32>
    return %0 : tensor<16xf32>
  }
}
"""


def normal(*shape: int, dtype: npt.DTypeLike = np.float32) -> Array:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def integers(*shape: int, dtype: npt.DTypeLike) -> Array:
    return np.random.default_rng(sum(shape)).integers(-128, 128, shape).astype(dtype)


CASES: dict[str, list[Array]] = {
    "elementwise": [normal(1000), normal(1000) + np.float32(5)],
    "tiny": [np.geomspace(1e-45, 1e-36, 64, dtype=np.float32)],
    "matmul": [normal(67, 33), normal(33, 129)],
    "softmax": [normal(7, 33)],
    "sum": [normal(19, 301)],
    "int8_matmul": [integers(17, 40, dtype=np.int8), integers(40, 9, dtype=np.int8)],
    "half_matmul": [normal(16, 24, dtype=np.float16), normal(24, 8, dtype=np.float16)],
    "bfloat": [normal(100), normal(99, 1)[:, 0].repeat(2)[:100]],
    "layers": [normal(4, 64), normal(64, 96), normal(96, 10)],
    "wide": [normal(128, 1024)],
    "scaled": [integers(300, dtype=np.int64)],
}
SCALARS = {"scaled": [-(1 << 40) - 3]}


def run_reference(
    iree_bin: Path,
    folder: Path,
    path: Path,
    function: str,
    arrays: Sequence[Array],
    scalars: Sequence[int] = (),
) -> Array:
    """What the reference runtime returns."""
    inputs: list[str] = []
    for index, array in enumerate(arrays):
        np.save(folder / f"{index}.npy", array)
        inputs.append(f"--input=@{folder / f'{index}.npy'}")
    output = folder / "output.npy"
    command = [
        iree_bin / "iree-run-module", "--device=local-sync", f"--module={path}", f"--function={function}",
        *inputs, *(f"--input={scalar}" for scalar in scalars), f"--output=@{output}",
    ]  # fmt: skip
    completed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert completed.returncode == 0, completed.stderr
    return np.load(output)


def operations_mlir(*names: str) -> str:
    """Source of a module with some operations, or all of them."""
    chosen = [text for text in OPERATIONS if not names or any(f"@{name}(" in text for name in names)]
    return "".join(["builtin.module @operations {", *chosen, "}\n"])


@pytest.fixture(scope="module")
def operations(compile_mlir: CompileMlir) -> Path:
    flags = (*LLVM_CPU_FLAGS, "--iree-llvmcpu-target-cpu=host")
    return compile_mlir(operations_mlir(), *flags, name="operations")


@pytest.mark.parametrize("name", CASES)
def test_results_are_those_of_the_reference_runtime(
    operations: Path, iree_bin: Path, tmp_path: Path, name: str
) -> None:
    arrays, scalars = CASES[name], SCALARS.get(name, [])
    expected = run_reference(iree_bin, tmp_path, operations, name, arrays, scalars)
    assert np.any(expected)

    for device in ("local-sync", "local-task"):
        with gossamer.Pipeline([operations], device=device) as pipeline:
            for _ in range(3):
                result = pipeline.main[name](*arrays, *scalars)
                assert result.dtype == expected.dtype
                np.testing.assert_array_equal(result, expected)


def test_the_least_cpu_serves_as_well(compile_mlir: CompileMlir, iree_bin: Path, tmp_path: Path) -> None:
    # Such code calls functions where the host's has instructions; they are linked into the executable.
    flags = (*LLVM_CPU_FLAGS, "--iree-llvmcpu-target-cpu=generic")
    names = ("elementwise", "half_matmul")
    path = compile_mlir(operations_mlir(*names), *flags, name="operations_generic")
    with gossamer.Pipeline([path], device="local-sync") as pipeline:
        for name in names:
            expected = run_reference(iree_bin, tmp_path, path, name, CASES[name])
            np.testing.assert_array_equal(pipeline.main[name](*CASES[name]), expected)


@DEVICES
def test_asynchronous_modules(
    compile_mlir: CompileMlir, iree_bin: Path, tmp_path: Path, device: str, operations: Path
) -> None:
    names = ("layers", "wide")
    flags = (*LLVM_CPU_FLAGS, *ASYNC_FLAGS, "--iree-llvmcpu-target-cpu=host")
    path = compile_mlir(operations_mlir(*names), *flags, name="operations_async")
    expected = {name: run_reference(iree_bin, tmp_path, operations, name, CASES[name]) for name in names}

    with gossamer.Pipeline([path], device=device) as pipeline:
        futures = [(name, pipeline.main[name](*CASES[name])) for name in names for _ in range(4)]
        for name, future in futures:
            np.testing.assert_array_equal(future.result(60), expected[name])


@pytest.mark.parametrize("offset", [0, 4, 28])
def test_inputs_may_be_anywhere_in_memory(operations: Path, offset: int) -> None:
    # Kernels use aligned vector moves: memory that is not aligned would end the process.
    memory = np.zeros(2 * 4000 + 64, np.uint8)
    x = memory[offset : offset + 4000].view(np.float32)
    y = memory[offset + 4000 : offset + 8000].view(np.float32)
    x[:], y[:] = CASES["elementwise"]

    with gossamer.Pipeline([operations], device="local-sync") as pipeline:
        result = pipeline.main["elementwise"](x, y)
        expected = pipeline.main["elementwise"](*CASES["elementwise"])

    np.testing.assert_array_equal(result, expected)


@DEVICES
def test_system_libraries(compile_mlir: CompileMlir, iree_bin: Path, tmp_path: Path, device: str) -> None:
    flags = (*LLVM_CPU_FLAGS, "--iree-llvmcpu-link-embedded=false")
    names = ("elementwise", "scaled")
    try:
        path = compile_mlir(operations_mlir(*names), *flags, name="operations_system")
    except AssertionError as error:
        if "linker" not in str(error):
            raise
        pytest.skip("needs a system linker")
    for name in names:
        scalars = SCALARS.get(name, [])
        expected = run_reference(iree_bin, tmp_path, path, name, CASES[name], scalars)
        with gossamer.Pipeline([path], device=device) as pipeline:
            np.testing.assert_array_equal(pipeline.main[name](*CASES[name], *scalars), expected)


@DEVICES
def test_modules_of_both_targets_and_both_compilers_are_one_program(
    compile_mlir: CompileMlir, device: str
) -> None:
    native = compile_mlir(
        f"builtin.module @abs_module {{\n{ABS_MLIR}}}\n", *LLVM_CPU_FLAGS, name="abs_native"
    )
    bytecode = compile_mlir(MUL_MLIR, *VMVX_FLAGS, name="mul_bytecode")
    ours = compile_text(f"builtin.module @pipeline {{\n{PIPELINE_MLIR}}}\n")
    values = np.linspace(-4, 4, 16, dtype=np.float32)

    with gossamer.Pipeline([native, bytecode, ours], device=device) as pipeline:
        np.testing.assert_array_equal(pipeline.run(values), values * values)


def test_a_device_may_refuse_native_code(abs_llvm_cpu_vmfb: Path, abs_vmvx_vmfb: Path) -> None:
    device = new_device("local-sync", allow_native="none")
    values = np.linspace(-4, 4, 16, dtype=np.float32)

    with pytest.raises(PermissionDeniedError, match="'embedded-elf-x86_64' is native code"):
        gossamer.Pipeline([abs_llvm_cpu_vmfb], device=device)
    with gossamer.Pipeline([abs_vmvx_vmfb], device=device) as pipeline:
        np.testing.assert_array_equal(pipeline.abs(values), np.abs(values))
    device.close()


def test_a_module_for_another_architecture_says_so(compile_mlir: CompileMlir) -> None:
    flags = (*LLVM_CPU_FLAGS, "--iree-llvmcpu-target-triple=aarch64-linux-gnu")
    path = compile_mlir(ABS_MLIR, *flags, "--iree-llvmcpu-target-cpu=generic", name="abs_aarch64")

    with pytest.raises(IncompatibleError, match="embedded-elf-arm_64"):
        gossamer.Pipeline([path], device="local-sync")
