"""The door to MLIR: contexts, passes, and errors that say where and in which pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gossamer.compiler import mlir
from gossamer.compiler.mlir import ir
from gossamer.compiler.pass_observer import observe_passes
from gossamer.errors import CompileError, InternalError


def test_contexts_know_the_core_dialects_before_anything_is_parsed() -> None:
    context = mlir.make_context()
    for name in ("ml_program.global", "linalg.yield", "scf.yield", "tensor.empty", "arith.constant", "cf.br"):
        assert context.is_registered_operation(name)
    assert context.allow_unregistered_dialects


def test_operations_have_no_classes_of_their_own() -> None:
    module = mlir.parse_text("func.func @f() { return }")
    (function,) = module.body.operations
    assert type(function) is ir.OpView


@pytest.mark.parametrize(
    ("pipeline", "passes"),
    [
        ("cse", ["cse"]),
        ("cse, canonicalize", ["cse", "canonicalize"]),
        ("func.func(cse,canonicalize),inline", ["func.func(cse,canonicalize)", "inline"]),
        ("a{x=1,2 y={z}},b", ["a{x=1,2 y={z}}", "b"]),
        ("", []),
    ],
)
def test_pipelines_are_split_at_their_outermost_commas(pipeline: str, passes: list[str]) -> None:
    assert mlir.split_pipeline(pipeline) == passes


def test_a_failing_pass_is_named() -> None:
    module = mlir.parse_text(
        'func.func @f(%a: tensor<?xf32>) {\n  "t.use"(%a) : (tensor<?xf32>) -> ()\n  return\n}'
    )
    with pytest.raises(CompileError) as caught:
        mlir.run_passes(module, "cse,one-shot-bufferize", phase="flow")
    diagnostic = caught.value.diagnostics[0]
    assert diagnostic.context == ("phase flow", "pass one-shot-bufferize")
    assert diagnostic.location is not None
    assert diagnostic.location.line == 2


def test_an_unknown_pass_of_ours_is_our_fault() -> None:
    module = mlir.parse_text("func.func @f() { return }")
    with pytest.raises(InternalError, match="phase 'flow' is malformed"):
        mlir.run_passes(module, "no-such-pass", phase="flow")


@pytest.mark.parametrize(
    "pipeline", ["symbol-dce", "builtin.module(symbol-dce)", " builtin.module( symbol-dce ) "]
)
def test_users_may_write_the_anchor_or_not(pipeline: str) -> None:
    module = mlir.parse_text("func.func private @f() { return }")
    mlir.run_user_passes(module, pipeline, phase="preprocessing")
    assert not list(module.body.operations)


def test_an_unknown_pass_of_a_user_is_the_users() -> None:
    module = mlir.parse_text("func.func @f() { return }")
    with pytest.raises(CompileError, match="'no-such-pass' does not refer to a registered pass"):
        mlir.run_user_passes(module, "cse,no-such-pass", phase="preprocessing")


def test_passes_are_observed() -> None:
    class Observer:
        def __init__(self) -> None:
            self.seen: list[str] = []

        def before_pass(self, name: str, show: Callable[[], str]) -> None:
            self.seen.append(f"before {name}")

        def after_pass(self, name: str, show: Callable[[], str], failure: CompileError | None) -> None:
            self.seen.append(f"after {name} {failure is not None}")

    observer = Observer()
    module = mlir.parse_text('func.func @f(%a: tensor<?xf32>) { "t.use"(%a) : (tensor<?xf32>) -> () return }')
    with observe_passes(observer), pytest.raises(CompileError):
        mlir.run_passes(module, "cse,one-shot-bufferize")
    mlir.run_passes(mlir.parse_text("module {}"), "cse")
    assert observer.seen == [
        "before cse",
        "after cse False",
        "before one-shot-bufferize",
        "after one-shot-bufferize True",
    ]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ('loc("a.mlir":1:2)', "a.mlir:1:2"),
        ('loc(fused["a.mlir":1:2, "b.mlir":3:4])', "a.mlir:1:2"),
        ('loc(fused[unknown, "b.mlir":3:4])', "b.mlir:3:4"),
        ('loc("name"("a.mlir":5:6))', "a.mlir:5:6"),
        ('loc(callsite("a.mlir":7:8 at "b.mlir":3:4))', "a.mlir:7:8"),
        ('loc("only a name")', "None"),
        ("loc(unknown)", "None"),
    ],
)
def test_locations_of_all_kinds(location: str, expected: str) -> None:
    module = mlir.parse_text(f"module {{}} {location}")
    assert str(mlir.source_location(module.operation.location)) == expected


def test_bytecode_round_trips() -> None:
    module = mlir.parse_text("func.func @f() { return }")
    data = mlir.print_module(module, is_bytecode=True)
    assert str(mlir.parse(data, mlir.make_context())) == str(module)
