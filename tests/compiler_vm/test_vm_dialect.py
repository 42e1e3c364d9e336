"""Text of the vm dialect as the compiler's input."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import gossamer
from gossamer.compiler.options import CompileMode, CompileOptions
from gossamer.errors import CompileError, StatusCode, StatusError

SOURCE = Path(__file__).with_name("vm_dialect.mlir")


@pytest.fixture(scope="module")
def machine() -> gossamer.Pipeline:
    return gossamer.Pipeline([gossamer.compile_file(SOURCE)])


def test_functions_compute_loop_and_call_names_of_exports(machine: gossamer.Pipeline) -> None:
    assert machine.total(10) == 55
    assert (machine.count_up(4), machine.count_up(5)) == (4, 9)


def test_buffers_lists_and_refs_in_globals(machine: gossamer.Pipeline) -> None:
    copy, size = machine.text()

    assert (bytes(copy), size) == (b"jello", 5)
    assert list(machine.keep(7)) == [7]


def test_failures_and_optional_imports(machine: gossamer.Pipeline) -> None:
    with pytest.raises(StatusError, match="on purpose") as raised:
        machine.fails(3)

    assert raised.value.code is StatusCode.INVALID_ARGUMENT
    assert machine.has_log() == 0


def test_modules_call_each_other() -> None:
    square = """vm.module @library {
      vm.export @square
      vm.func @square(%arg : i32) -> i32 {
        %0 = vm.mul.i32 %arg, %arg : i32
        vm.return %0 : i32
      }
    }"""
    program = """vm.module @program {
      vm.import private @library.square(%arg : i32) -> i32
      vm.export @run
      vm.func @run(%arg0 : i32) -> i32 {
        %0 = vm.call @library.square(%arg0) : (i32) -> i32
        %1 = vm.call @twice(%0) : (i32) -> i32
        vm.return %1 : i32
      }
      vm.func private @twice(%arg0 : i32) -> i32 {
        %0 = vm.add.i32 %arg0, %arg0 : i32
        vm.return %0 : i32
      }
    }"""
    pipeline = gossamer.Pipeline([gossamer.compile_text(text) for text in (square, program)])

    assert pipeline.run(-7) == 98


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("vm.return %0 : i32", 2, "%0 is not defined here"),
        ("%0 = vm.add.i32 %a, %a : i32\nvm.br ^next", 4, "^next is the target of a branch, and no block"),
        ("%0 = vm.nothing %a : i32", 2, "'vm.nothing' is not read from text of the vm dialect"),
        ("%0 = vm.add.i64 %a, %a : i64", 2, "add.i64 takes i64, got i32"),
        ("vm.call @other() : () -> ()", 2, "@other is no function of the module"),
        ("%0, %1 = vm.add.i32 %a, %a : i32", 2, "'vm.add.i32' has 1 results, and 2 are named"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(body: str, line: int, message: str) -> None:
    text = f"vm.module @wrong {{ vm.func @f(%a : i32) {{\n{body}\n}} }}"

    with pytest.raises(CompileError) as raised:
        gossamer.compile_text(text)

    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.message == message
    assert diagnostic.location is not None
    assert diagnostic.location.line == line


def test_what_is_no_module_of_functions_is_refused_where_one_is_asked_for() -> None:
    options = CompileOptions(compile_mode=CompileMode.VM)

    with pytest.raises(CompileError, match=r"expected 'vm\.module'"):
        gossamer.compile_text("func.func @f() { return }", options=options)


@pytest.mark.reference
def test_the_file_runs_in_the_reference(tmp_path: Path, iree_bin: Path) -> None:
    output = tmp_path / "machine.vmfb"
    output.write_bytes(gossamer.compile_file(SOURCE))
    command = [iree_bin / "iree-run-module", f"--module={output}", "--function=total", "--input=10"]

    assert "i32=55" in subprocess.run(command, check=True, capture_output=True, text=True).stdout
