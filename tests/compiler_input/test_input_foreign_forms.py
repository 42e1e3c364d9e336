"""Forms of programs at the edge of what is taken: regions of dispatches, globals beside torch, bytecode."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.errors import CompileError

X = np.array([-1, 2, -3, 4], np.float32)


def test_a_region_of_a_dispatch_is_its_operations() -> None:
    module = gossamer.compile_text("""
        func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
          %c0 = arith.constant 0 : index
          %size = tensor.dim %x, %c0 : tensor<?xf32>
          %0:2 = flow.dispatch.region[%size] -> (tensor<?xf32>{%size}, tensor<?xf32>{%size}) {
            %1 = math.absf %x : tensor<?xf32>
            %2 = arith.addf %1, %y : tensor<?xf32>
            flow.return %1, %2 : tensor<?xf32>, tensor<?xf32>
          } count(%n: index) -> (index, index, index) {
            flow.return %n, %n, %n : index, index, index
          }
          return %0#0, %0#1 : tensor<?xf32>, tensor<?xf32>
        }""")
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        absolute, total = pipeline.f(X, X)
    np.testing.assert_array_equal(absolute, np.abs(X))
    np.testing.assert_array_equal(total, np.abs(X) + X)


@pytest.mark.parametrize("dialect", ["flow", "stream", "hal"])
def test_executables_are_refused_with_the_reason(dialect: str) -> None:
    with pytest.raises(CompileError, match=r"taken before their dispatches are formed, not with executables"):
        gossamer.compile_text(f"module {{ {dialect}.executable private @e {{ }} }}")


TORCH = """
!T = !torch.vtensor<[4],f32>
module @m {
  util.global private @weight = dense<2.0> : tensor<4xf32>
  util.global private mutable @calls = dense<0.0> : tensor<4xf32>
  func.func @main(%x: !T) -> !T {
    %weight = util.global.load @weight : tensor<4xf32>
    %calls = util.global.load @calls : tensor<4xf32>
    %one = arith.constant dense<1.0> : tensor<4xf32>
    %more = arith.addf %calls, %one : tensor<4xf32>
    util.global.store %more, @calls : tensor<4xf32>
    %a = torch_c.from_builtin_tensor %weight : tensor<4xf32> -> !T
    %b = torch_c.from_builtin_tensor %more : tensor<4xf32> -> !T
    %0 = torch.aten.mul.Tensor %x, %a : !T, !T -> !T
    %1 = torch.aten.mul.Tensor %0, %b : !T, !T -> !T
    return %1 : !T
  }
}
"""


def test_globals_stand_beside_operations_of_torch() -> None:
    with gossamer.Pipeline([gossamer.compile_text(TORCH)], device="local-sync") as pipeline:
        np.testing.assert_array_equal(pipeline.main(X), 2 * X)
        np.testing.assert_array_equal(pipeline.main(X), 4 * X)


@pytest.mark.reference
def test_bytecode_that_only_irees_compiler_reads_is_told_from_others(iree_bin: Path, tmp_path: Path) -> None:
    text = tmp_path / "program.mlir"
    foreign, known = tmp_path / "foreign.mlirbc", tmp_path / "known.mlirbc"
    copy = [iree_bin / "iree-ir-tool", "copy", "--emit-bytecode"]
    text.write_text(
        "util.global private @g = 1 : i32\nfunc.func @f() -> i32 {"
        " %g = util.global.load @g : i32 return %g : i32 }"
    )
    subprocess.run([*copy, text, "-o", foreign], check=True, timeout=60)
    text.write_text(
        "func.func @f() -> tensor<4xf32> {"
        " %c = arith.constant dense_resource<blob> : tensor<4xf32> return %c : tensor<4xf32> }\n"
        "{-# dialect_resources: { builtin: { blob:"
        ' "0x040000000000803f000000400000404000008040" } } #-}'
    )
    subprocess.run([*copy, text, "-o", known], check=True, timeout=60)

    with pytest.raises(CompileError, match=r"bytecode has util.global, util.global.load in a form that only"):
        gossamer.compile_file(foreign)
    with gossamer.Pipeline([gossamer.compile_file(known)], device="local-sync") as pipeline:
        np.testing.assert_array_equal(pipeline.f(), [1, 2, 3, 4])
