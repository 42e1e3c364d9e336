"""Text, bytecode and broken files become modules or diagnostics that point into the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.compiler import frontend, input, mlir
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.source import Source
from gossamer.errors import CompileError

TEXT = """\
util.global private mutable @count = 5 : i32
func.func @next() -> i32 {
  %count = util.global.load @count : i32
  return %count : i32
}
"""


def load(source: Source) -> frontend.LoadedProgram:
    return frontend.load(source, CompileOptions())


def names(program: frontend.LoadedProgram) -> list[str]:
    return [op.operation.name for op in program.module.body.operations]


def test_text_is_loaded() -> None:
    source = Source.from_text(TEXT, "t.mlir")
    assert names(load(source)) == ["util.global", "func.func"]
    assert source.positions is not None


def test_bytecode_is_loaded() -> None:
    data = mlir.print_module(load(Source.from_text(TEXT)).module, is_bytecode=True)
    source = Source("b.mlirbc", data)
    assert source.is_bytecode
    assert names(load(source)) == ["util.global", "func.func"]


@pytest.mark.parametrize("cut", [4, 20, 60])
def test_broken_bytecode_is_refused(cut: int) -> None:
    data = mlir.print_module(load(Source.from_text(TEXT)).module, is_bytecode=True)
    source = Source("b.mlirbc", data[:cut])
    with pytest.raises(CompileError) as caught, source.explains():
        load(source)
    location = caught.value.diagnostics[0].location
    assert location is not None
    assert location.file == "b.mlirbc"


def test_text_that_is_not_utf8_is_refused_at_its_byte() -> None:
    source = Source("t.mlir", b"func.func @f() {\n  \xff\n}")
    with pytest.raises(CompileError, match=r"t\.mlir:2:3: error: input is not UTF-8 text"):
        load(source)


def test_diagnostics_of_rewritten_text_point_into_the_source() -> None:
    source = Source.from_text(TEXT.replace("return %count", "return %nothing"), "t.mlir")
    with pytest.raises(CompileError) as caught, source.explains():
        load(source)
    (diagnostic,) = caught.value.diagnostics
    assert str(diagnostic.location) == "t.mlir:4:10"
    assert diagnostic.source_line == "  return %nothing : i32"


def test_diagnostics_of_rewritten_operations_point_into_the_source() -> None:
    text = (
        "func.func @f(%a: tensor<2xf32>) {\n\n"
        "  %0, %1 = util.optimization_barrier %a : tensor<2xf32>\n  return\n}"
    )
    source = Source.from_text(text, "t.mlir")
    with pytest.raises(CompileError) as caught, source.explains():
        load(source)
    location = caught.value.diagnostics[0].location
    assert location is not None
    assert location.line == 3


def test_locations_of_other_files_are_left_alone() -> None:
    text = (
        "func.func @f(%a: memref<4xf32>, %i: index) {\n"
        '  %0 = memref.load %a[%i] : memref<4xf32> loc("model.py":7:1)\n'
        "  return\n}"
    )
    source = Source.from_text(text, "t.mlir")
    program = load(source)
    with pytest.raises(CompileError) as caught, source.explains():
        input.normalize(program, CompileOptions())
    (diagnostic,) = caught.value.diagnostics
    assert str(diagnostic.location) == "model.py:7:1"
    assert diagnostic.source_line == ""


def test_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "m.mlir"
    path.write_text(TEXT)
    assert names(load(Source.from_path(path))) == ["util.global", "func.func"]
    with pytest.raises(OSError, match="nowhere"):
        Source.from_path(tmp_path / "nowhere")
