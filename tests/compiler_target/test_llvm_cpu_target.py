"""The target llvm-cpu: options, variants, and modules that either runtime runs."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.compiler.api import compile_text
from gossamer.compiler.options import CompileOptions, OutputFormat
from gossamer.compiler.target.llvm_cpu.machine_options import machines_of
from gossamer.errors import CompileError
from gossamer.processor.host import host_architecture

OPTIONS = CompileOptions(target_device="local", target_backends=("llvm-cpu",))
PROGRAM = """
func.func @f(%a: tensor<3x5xf32>, %b: tensor<5x7xf32>) -> tensor<3x7xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<3x7xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x7xf32>) -> tensor<3x7xf32>
  %product = linalg.matmul ins(%a, %b : tensor<3x5xf32>, tensor<5x7xf32>)
    outs(%filled : tensor<3x7xf32>) -> tensor<3x7xf32>
  %result = math.tanh %product : tensor<3x7xf32>
  return %result : tensor<3x7xf32>
}
"""
VARIANTS = {
    "generic": {},
    "host": {"llvmcpu_target_cpus": ("host",)},
    "system": {"llvmcpu_link_embedded": False},
    "several": {"llvmcpu_target_cpus": ("x86-64-v2", "x86-64-v4", "x86-64-v3")},
}

needs_x86_64 = pytest.mark.skipif(host_architecture() != "x86_64", reason="names processors of x86-64")


def _arrays() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    return random.random((3, 5), np.float32), random.random((5, 7), np.float32)


@needs_x86_64
@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_program_runs_here(name: str) -> None:
    a, b = _arrays()
    pipeline = gossamer.Pipeline([compile_text(PROGRAM, options=replace(OPTIONS, **VARIANTS[name]))])

    np.testing.assert_allclose(pipeline.f(a, b), np.tanh(a @ b), rtol=1e-5)


@needs_x86_64
@pytest.mark.reference
@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_program_runs_in_the_reference_runtime(iree_bin: Path, tmp_path: Path, name: str) -> None:
    a, b = _arrays()
    module, result = tmp_path / "module.vmfb", tmp_path / "result.npy"
    module.write_bytes(compile_text(PROGRAM, options=replace(OPTIONS, **VARIANTS[name])))
    for file, array in (("a.npy", a), ("b.npy", b)):
        np.save(tmp_path / file, array)
    for device in ("local-sync", "local-task"):
        subprocess.run(
            [
                *(iree_bin / "iree-run-module", f"--device={device}", f"--module={module}", "--function=f"),
                *(f"--input=@{tmp_path / 'a.npy'}", f"--input=@{tmp_path / 'b.npy'}", f"--output=@{result}"),
            ],
            check=True,
        )

        np.testing.assert_allclose(np.load(result), np.tanh(a @ b), rtol=1e-5)


@needs_x86_64
def test_several_processors_make_one_file_whose_initialiser_asks_the_device() -> None:
    options = replace(OPTIONS, llvmcpu_target_cpus=("x86-64-v2", "x86-64-v3"))

    text = compile_text(PROGRAM, options=replace(options, output_format=OutputFormat.VM_ASM)).decode()

    assert text.count("@hal.executable.create(") == 3  # the import, and a call for each
    assert "hal.cpu" in text
    assert "avx2" in text


@needs_x86_64
def test_the_most_capable_processor_comes_first() -> None:
    options = replace(OPTIONS, llvmcpu_target_cpus=("generic", "x86-64-v4", "x86-64-v2"))

    assert [machine.cpu for machine in machines_of(options)] == ["x86-64-v4", "x86-64-v2", "x86-64"]


@needs_x86_64
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"llvmcpu_target_cpus": ("nonsense",)}, "no x86_64 code for processor 'nonsense'"),
        ({"llvmcpu_target_cpus": ("haswell", "host")}, "processor 'haswell' cannot be one of several"),
        ({"llvmcpu_target_triple": "sparc-sun-solaris"}, "no native kernels for the architecture 'sparc'"),
        (
            {"llvmcpu_target_triple": "aarch64-linux", "llvmcpu_target_cpus": ("host",)},
            "this machine's processor is no aarch64",
        ),
    ],
)
def test_what_cannot_be_compiled_for_is_an_error(changes: dict[str, object], message: str) -> None:
    with pytest.raises(CompileError, match=message):
        compile_text(PROGRAM, options=replace(OPTIONS, **changes))


@pytest.mark.parametrize(
    ("triple", "format"),
    [("aarch64-linux-gnu", b"embedded-elf-arm_64"), ("riscv64-linux-gnu", b"embedded-elf-riscv_64")],
)
def test_programs_are_compiled_for_other_machines(triple: str, format: bytes) -> None:
    options = replace(OPTIONS, llvmcpu_target_triple=triple)

    data = compile_text(PROGRAM, options=options)

    assert {"aarch64": b"embedded-elf-arm_64", "riscv64": b"embedded-elf-riscv_64"}[
        triple.split("-")[0]
    ] in data


def test_kernels_of_two_targets_are_in_one_file() -> None:
    a, b = _arrays()
    pipeline = gossamer.Pipeline(
        [compile_text(PROGRAM, options=replace(OPTIONS, target_backends=("llvm-cpu", "vmvx")))]
    )

    np.testing.assert_allclose(pipeline.f(a, b), np.tanh(a @ b), rtol=1e-5)
