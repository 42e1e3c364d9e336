"""`flow.tensor.trace`, and traces of dispatches: what is printed, and when."""

from __future__ import annotations

import numpy as np
import pytest

import gossamer
from gossamer.compiler.options import CompileOptions
from gossamer.errors import CompileError

LOCAL = {"target_device": "local", "target_backends": ("vmvx",)}

PROGRAM = """
builtin.module @m {
  func.func @f(%x: tensor<4xf32>, %y: tensor<?xf32>, %n: i32) -> tensor<4xf32> {
    %0 = math.log %x : tensor<4xf32>
    %c0 = arith.constant 0 : index
    %d = tensor.dim %y, %c0 : tensor<?xf32>
    flow.tensor.trace "middle" = [%0 : tensor<4xf32>, %y : tensor<?xf32>{%d}]
    %1 = arith.addf %0, %0 : tensor<4xf32>
    %c1 = arith.constant 1 : i32
    %is = arith.cmpi eq, %n, %c1 : i32
    scf.if %is {
      %z = arith.addf %y, %y : tensor<?xf32>
      flow.tensor.trace "in if" = [%z : tensor<?xf32>{%d}]
    }
    %cst = arith.constant dense<[true, false]> : tensor<2xi1>
    flow.tensor.trace "const" = [%cst : tensor<2xi1>]
    return %1 : tensor<4xf32>
  }
}
"""

MIDDLE = "=== middle ===\n4xf32=0 -INF 0 0\n3xf32=2 2 2\n\n"
IN_IF = "=== in if ===\n3xf32=4 4 4\n\n"
CONST = "=== const ===\n2xi1=01 00\n\n"


def run(module: bytes, *, number: int = 1, device: str = "local-sync") -> None:
    with gossamer.Pipeline([module], device=device) as pipeline:
        x = np.array([1, 0, 1, 1], np.float32)
        result = pipeline.f(x, np.full(3, 2, np.float32), number)
        np.testing.assert_array_equal(np.asarray(result), [0, -np.inf, 0, 0])


@pytest.mark.parametrize("device", ["local-sync", "local-task"])
def test_tensors_are_printed_in_order(capsys: pytest.CaptureFixture[str], device: str) -> None:
    module = gossamer.compile_text(PROGRAM)
    run(module, device=device)
    assert capsys.readouterr().err == MIDDLE + IN_IF + CONST
    run(module, number=0, device=device)
    assert capsys.readouterr().err == MIDDLE + CONST


def test_state_is_printed_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    module = gossamer.compile_text("""
builtin.module @m {
  util.global private mutable @seen = dense<0.0> : tensor<2xf32>
  func.func @add(%x: tensor<2xf32>) {
    %old = util.global.load @seen : tensor<2xf32>
    %new = arith.addf %old, %x : tensor<2xf32>
    util.global.store %new, @seen : tensor<2xf32>
    flow.tensor.trace "seen" = [%old : tensor<2xf32>, %new : tensor<2xf32>]
    return
  }
}""")
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        for _ in range(2):
            pipeline.add(np.array([1, 2], np.float32))
    traced = capsys.readouterr().err
    assert traced == "=== seen ===\n2xf32=0 0\n2xf32=1 2\n\n=== seen ===\n2xf32=1 2\n2xf32=2 4\n\n"


def compiled(**options: object) -> bytes:
    return gossamer.compile_text(PROGRAM, options=CompileOptions(**LOCAL, **options))  # pyright: ignore[reportArgumentType]


def test_every_dispatch_may_be_traced(capsys: pytest.CaptureFixture[str]) -> None:
    run(compiled(trace_all_dispatches=True), number=0)
    first = "f_dispatch_0::f_dispatch_0_elementwise_4_f32"
    traced = capsys.readouterr().err
    assert traced.startswith(f"=== {first} inputs ===\n4xf32=1 0 1 1\n\n=== {first} outputs ===\n")
    assert traced.count(" inputs ===") == traced.count(" outputs ===") == 2


@pytest.mark.parametrize(
    ("wanted", "suffix"),
    [
        ("@f:0", "::0"),
        ("f_dispatch_0", ""),
        ("f_dispatch_0_elementwise_4_f32", ""),
        ("f_dispatch_0::f_dispatch_0_elementwise_4_f32", ""),
    ],
)
def test_one_dispatch_may_be_traced(capsys: pytest.CaptureFixture[str], wanted: str, suffix: str) -> None:
    run(compiled(trace_dispatches=wanted), number=0)
    headings = [line for line in capsys.readouterr().err.splitlines() if "dispatch" in line]
    name = f"f_dispatch_0::f_dispatch_0_elementwise_4_f32{suffix}"
    assert headings == [f"=== {name} inputs ===", f"=== {name} outputs ==="]


@pytest.mark.parametrize("wanted", ["@f:9", "@g:0", "other", "@f_dispatch_0"])
def test_a_dispatch_that_is_not_there_is_an_error(wanted: str) -> None:
    with pytest.raises(CompileError, match=f"no dispatch '{wanted}' to trace"):
        compiled(trace_dispatches=wanted)


def test_a_program_without_dispatches_has_none_to_trace() -> None:
    text = "func.func @f(%a: i32) -> i32 { return %a : i32 }"

    module = gossamer.compile_text(text, options=CompileOptions(trace_all_dispatches=True))

    assert gossamer.Pipeline([module]).f(4) == 4
