"""Compiles in steps: sessions, sources, invocations and outputs as `iree.compiler.api` has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.compiler.mlir import ir
from gossamer.tools.iree_api.api import Invocation, Output, PipelineType, Session, Source
from gossamer.tools.iree_api.ir_tool.__main__ import main, parse_arguments

ABS = b"""
func.func @abs(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = math.absf %x : tensor<4xf32>
  %1 = arith.mulf %0, %one : tensor<4xf32>
  return %1 : tensor<4xf32>
}
"""
X = -np.ones(4, np.float32)


def parsed(text: bytes = ABS) -> Invocation:
    session = Session()
    session.set_flags("--iree-hal-target-backends=vmvx")
    invocation = session.invocation()
    assert invocation.parse_source(Source.wrap_buffer(session, text))
    return invocation


def written(invocation: Invocation, kind: str) -> bytes:
    output = Output.open_membuffer()
    getattr(invocation, f"output_{kind}")(output)
    return bytes(output.map_memory())


def run(module: bytes) -> np.ndarray:
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        return np.asarray(pipeline.abs(X))


def test_a_program_compiles_in_steps() -> None:
    invocation = parsed()
    assert b"math.absf" in written(invocation, "ir")
    assert invocation.execute()
    np.testing.assert_array_equal(run(written(invocation, "vm_bytecode")), [1, 2, 3, 4])
    assert written(invocation, "ir").startswith(b"vm.module public @module {")


def test_what_is_changed_on_the_way_is_compiled() -> None:
    invocation = parsed()
    module = invocation.export_module()
    function = module.regions[0].blocks[0].operations[0].operation
    with module.context, ir.Location.unknown():
        for view in function.regions[0].blocks[0].operations:
            if view.operation.name == "arith.mulf":
                view.operation.operands[1] = view.operation.operands[0]
    assert invocation.execute_text_pass_pipeline("canonicalize")
    assert invocation.execute()
    np.testing.assert_array_equal(run(written(invocation, "vm_bytecode")), [1, 1, 1, 1])


def test_a_module_of_the_session_is_taken_in() -> None:
    invocation = parsed()
    other = invocation.session.invocation()
    other.import_module(invocation.export_module())
    assert other.execute()
    np.testing.assert_array_equal(run(written(other, "vm_bytecode")), [1, 2, 3, 4])
    with pytest.raises(RuntimeError, match="Failed to import module"):
        Session().invocation().import_module(invocation.export_module())


def test_bytecode_comes_back() -> None:
    again = parsed(written(parsed(), "ir_bytecode"))
    assert b"math.absf" in written(again, "ir")


def test_pipelines_that_stop_early() -> None:
    invocation = parsed()
    assert invocation.execute(PipelineType.IREE_COMPILER_PIPELINE_PRECOMPILE)
    assert b"func.func @abs" in written(invocation, "ir")


def test_what_is_wrong_is_told_where_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session()
    invocation = session.invocation()
    source = Source.wrap_buffer(session, b"no program", buffer_name="mine")
    assert not invocation.parse_source(source)
    assert capsys.readouterr().err == ""
    invocation.enable_console_diagnostics()
    assert not invocation.parse_source(source)
    assert "mine:1:1: error: " in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"call execute\(\) first"):
        invocation.output_vm_bytecode(Output.open_membuffer())


def test_flags_are_those_of_a_session() -> None:
    session = Session()
    assert session.get_flags(non_default_only=True) == []
    session.set_flags("--iree-opt-level=O2", "--mlir-timing")
    assert session.get_flags(non_default_only=True) == ["--iree-opt-level=O2", "--mlir-timing=true"]
    assert {"--iree-opt-level=O2", "--iree-input-type=auto", "--verify=true"} <= set(session.get_flags())
    assert "--iree-opt-level=O0" in Session().get_flags()
    for wrong in ("--no-such-flag=1", "--iree-flow-break-dispatch=1"):
        with pytest.raises(ValueError, match=wrong.split("=")[0]):
            session.set_flags(wrong)


def test_a_file_is_gone_unless_it_is_kept(tmp_path: Path) -> None:
    for name, is_kept in (("gone", False), ("kept", True)):
        output = Output.open_file(tmp_path / name)
        output.write(b"data")
        if is_kept:
            output.keep()
        output.close()
        assert (tmp_path / name).exists() is is_kept


def test_data_of_constants_is_taken_out(tmp_path: Path) -> None:
    (tmp_path / "in.mlir").write_bytes(ABS)
    arguments = ["strip-data", str(tmp_path / "in.mlir"), "-o", str(tmp_path / "out.mlir")]
    assert main(parse_arguments(arguments)) == 0
    assert "#util.byte_pattern<0> : tensor<4xf32>" in (tmp_path / "out.mlir").read_text()
