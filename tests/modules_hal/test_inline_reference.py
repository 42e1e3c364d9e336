"""Programs that IREE's compiler made for inline execution: in our tools and API, beside IREE's own tools."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest

import gossamer
from gossamer.errors import InvalidArgumentError, PermissionDeniedError
from gossamer.tools import iree_benchmark_module, iree_run_module
from mlir_samples import VMVX_FLAGS

pytestmark = pytest.mark.reference

CompileMlir = Callable[..., Path]
Array = np.ndarray

STATIC_FLAGS = (
    "--iree-execution-model=inline-static",
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=vmvx-inline",
)
DYNAMIC_FLAGS = ("--iree-execution-model=inline-dynamic", *VMVX_FLAGS)
NATIVE_FLAGS = (
    "--iree-execution-model=inline-dynamic",
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=host",
)
MODELS = {"static-vmvx": STATIC_FLAGS, "dynamic-vmvx": DYNAMIC_FLAGS, "dynamic-llvm-cpu": NATIVE_FLAGS}

SOURCE = """
builtin.module @inline {
  util.global private mutable @sum = dense<1.0> : tensor<4xf32>
  func.func @product(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
    %zero = arith.constant 0 : index
    %size = tensor.dim %a, %zero : tensor<?xf32>
    %empty = tensor.empty(%size) : tensor<?xf32>
    %result = linalg.generic {
        indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
        iterator_types = ["parallel"]}
        ins(%a, %b : tensor<?xf32>, tensor<?xf32>) outs(%empty : tensor<?xf32>) {
      ^bb0(%x: f32, %y: f32, %z: f32):
        %m = arith.mulf %x, %y : f32
        linalg.yield %m : f32
    } -> tensor<?xf32>
    return %result : tensor<?xf32>
  }
  func.func @accumulate(%a: tensor<4xf32>) -> tensor<4xf32> {
    %sum = util.global.load @sum : tensor<4xf32>
    %next = arith.addf %sum, %a : tensor<4xf32>
    util.global.store %next, @sum : tensor<4xf32>
    return %next : tensor<4xf32>
  }
  func.func @matmul(%a: tensor<8x8xf32>) -> (tensor<8x8xf32>, i32) {
    %c = arith.constant dense<[[1., 2., 3., 4., 5., 6., 7., 8.], [2., 2., 3., 4., 5., 6., 7., 8.],
        [3., 2., 3., 4., 5., 6., 7., 8.], [4., 2., 3., 4., 5., 6., 7., 8.],
        [5., 2., 3., 4., 5., 6., 7., 8.], [6., 2., 3., 4., 5., 6., 7., 8.],
        [7., 2., 3., 4., 5., 6., 7., 8.], [8., 2., 3., 4., 5., 6., 7., 9.]]> : tensor<8x8xf32>
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<8x8xf32>
    %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
    %result = linalg.matmul ins(%a, %c : tensor<8x8xf32>, tensor<8x8xf32>)
        outs(%filled : tensor<8x8xf32>) -> tensor<8x8xf32>
    %seven = arith.constant 7 : i32
    return %result, %seven : tensor<8x8xf32>, i32
  }
}
"""

COMMAND_LINES = [
    ["--function=product", "--input=5xf32=1,2,3,4,5", "--input=5xf32=-2"],
    ["--function=accumulate", "--input=4xf32=1,2,3,4"],
    ["--function=matmul", "--input=8x8xf32=2"],
    ["--function=accumulate", "--input=5xf32=1"],
    ["--function=accumulate", "--input=(null)"],
]


@pytest.fixture(params=MODELS, scope="module")
def module(request: pytest.FixtureRequest, compile_mlir: CompileMlir) -> Path:
    return compile_mlir(SOURCE, *MODELS[request.param], name="inline")


@pytest.mark.parametrize("flags", COMMAND_LINES, ids=" ".join)
def test_the_tool_says_what_the_reference_says(
    module: Path, flags: list[str], iree_bin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--device=local-sync", f"--module={module}", *flags]
    theirs = subprocess.run(
        [iree_bin / "iree-run-module", *command], capture_output=True, text=True, timeout=60
    )
    code = iree_run_module.main(command)

    assert (capsys.readouterr().out, code) == (theirs.stdout, theirs.returncode)


def test_dynamic_shapes_and_state(module: Path) -> None:
    a = np.linspace(-2, 2, 33, dtype=np.float32)
    ones = np.ones(4, np.float32)
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        np.testing.assert_array_equal(pipeline.product(a, a), a * a)
        np.testing.assert_array_equal(pipeline.accumulate(ones), [2, 2, 2, 2])
        fork = pipeline.fork()
        np.testing.assert_array_equal(pipeline.accumulate(ones), [3, 3, 3, 3])
        np.testing.assert_array_equal(fork.accumulate(ones * 8), [10, 10, 10, 10])
        np.testing.assert_array_equal(pipeline.accumulate(ones), [4, 4, 4, 4])
        with pytest.raises(InvalidArgumentError, match="shape 5, expected 4"):
            pipeline.accumulate(np.ones(5, np.float32))


PIPELINE_SOURCE = """
builtin.module @main {
  func.func private @inline.accumulate(%a: tensor<4xf32>) -> tensor<4xf32>
  func.func private @tracker.double(%a: tensor<4xf32>) -> tensor<4xf32>
  func.func @run(%a: tensor<4xf32>) -> tensor<4xf32> {
    %0 = math.absf %a : tensor<4xf32>
    %1 = call @inline.accumulate(%0) : (tensor<4xf32>) -> tensor<4xf32>
    %2 = call @tracker.double(%1) : (tensor<4xf32>) -> tensor<4xf32>
    %3 = arith.addf %2, %a : tensor<4xf32>
    return %3 : tensor<4xf32>
  }
}
"""


@gossamer.module("tracker")
class Tracker:
    @gossamer.export
    def double(self, a: Annotated[Array, "4xf32"]) -> Annotated[Array, "4xf32"]:
        return a * 2


@pytest.mark.parametrize("main_flags", [VMVX_FLAGS, STATIC_FLAGS], ids=["queued", "inline"])
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_inline_modules_are_part_of_programs(
    module: Path, compile_mlir: CompileMlir, main_flags: tuple[str, ...], device: str
) -> None:
    main = compile_mlir(PIPELINE_SOURCE, *main_flags, name="main")
    with gossamer.Pipeline([module, Tracker, main], device=device) as pipeline:
        for step in range(1, 4):
            np.testing.assert_array_equal(
                pipeline.run(np.full(4, -2, np.float32)), np.full(4, 2 * (1 + 2 * step) - 2)
            )


def test_native_kernels_follow_the_policy(
    compile_mlir: CompileMlir, capsys: pytest.CaptureFixture[str]
) -> None:
    module = compile_mlir(SOURCE, *NATIVE_FLAGS, name="inline")
    with pytest.raises(PermissionDeniedError, match="'embedded-elf-x86_64' is native code"):
        gossamer.Pipeline([module], device="local-sync", allow_native="none")
    command = [f"--module={module}", "--function=matmul", "--input=8x8xf32=1"]

    assert iree_run_module.main([*command, "--allow-native=none"]) == 1
    assert "is native code" in capsys.readouterr().err


def test_benchmarks(module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [f"--module={module}", "--function=matmul", "--input=8x8xf32=1", "--benchmark_dry_run"]

    assert iree_benchmark_module.main(command) == 0
    assert "BM_matmul/process_time/real_time" in capsys.readouterr().out
