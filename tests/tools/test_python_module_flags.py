"""Modules in Python on the commands that run programs: `--module=glue.py:Glue`, `--allow-python=`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gossamer import compile_text
from gossamer.tools import iree_benchmark_module, iree_check_module, iree_run_module

GLUE = """
from typing import Annotated

import beside
import gossamer


@gossamer.module("glue")
class Glue:
    @gossamer.imports("base.twice")
    def twice(self, a: Annotated[int, "i32"]) -> Annotated[int, "i32"]: ...

    @gossamer.export
    def run(self, a: Annotated[int, "i32"]) -> Annotated[int, "i32"]:
        return self.twice(a) + beside.ONE // (a - 13)


@gossamer.module("tests")
class Tests:
    @gossamer.export
    def passes(self) -> None: ...

    @gossamer.export
    def fails(self) -> None:
        assert beside.ONE == 2, "one is not two"


class Plain: ...
"""

TESTS_BEGIN = '@gossamer.module("tests")'

BASE = """
builtin.module @base {
  func.func @twice(%a: i32) -> i32 {
    %0 = arith.addi %a, %a : i32
    return %0 : i32
  }
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a program, a file of two modules and what that imports; the current one."""
    for name, text in (("glue.py", GLUE), ("beside.py", "ONE = 1\n")):
        (tmp_path / name).write_text(text)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "inner.py").write_text(GLUE)
    (tmp_path / "base.vmfb").write_bytes(compile_text(BASE))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


def run(module: str, *flags: str) -> int:
    return iree_run_module.main(["--module=base.vmfb", f"--module={module}", "--function=run", *flags])


@pytest.mark.parametrize(
    "module", ["glue.py:Glue", "{folder}/glue.py:Glue", "glue:Glue", "package.inner:Glue"]
)
def test_a_class_is_a_module(folder: Path, capsys: pytest.CaptureFixture[str], module: str) -> None:
    assert run(module.format(folder=folder), "--input=14") == 0
    assert capsys.readouterr().out == "EXEC @run\nresult[0]: i32=29\n"


def test_the_only_module_of_a_file_needs_no_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "only.py").write_text(f"from glue import Tests\n{GLUE.split(TESTS_BEGIN)[0]}")
    assert run("only.py", "--input=14") == 0
    assert "i32=29" in capsys.readouterr().out


def test_python_may_be_refused_before_it_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "loud.py").write_text("print('ran')")
    for module in ("loud.py", "loud:Loud"):
        assert run(module, "--allow-python=false") == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "PERMISSION_DENIED; module 'loud" in captured.err
        assert "which may not run here (--allow-python=false)" in captured.err


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            "glue.py",
            "'glue.py' has 2 classes with @gossamer.module (Glue, Tests); --module=glue.py:Class names one",
        ),
        ("glue.py:Gleu", "NOT_FOUND; 'glue.py' has no class 'Gleu'; it has Glue, Tests"),
        ("glue.py:Plain", "'Plain' of 'glue.py' is no module; decorate the class"),
        ("beside.py", "'beside.py' has 0 classes with @gossamer.module (none)"),
        ("absent.py", "NOT_FOUND; failed to open file 'absent.py'"),
        ("package.absent:Glue", "NOT_FOUND; no Python module 'package.absent'"),
        ("absent:Glue", "NOT_FOUND; no Python module 'absent'"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_is_not_there_is_said(capsys: pytest.CaptureFixture[str], module: str, message: str) -> None:
    assert run(module) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n1 / 0\n", "ZeroDivisionError: division by zero ({path}:2)"),
        ("import nothing_of_this_name", "No module named 'nothing_of_this_name' ({path}:1)"),
        ("\n\nx = = 1\n", "SyntaxError: invalid syntax ({path}:3)"),
        ("import gossamer\n@gossamer.module('a.b c')\nclass A:\n  f = gossamer.export(3)\n", "({path}:"),
    ],
)
def test_code_that_cannot_be_imported_is_pointed_at(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    path = folder / "broken.py"
    path.write_text(text)
    assert run("broken.py") == 1
    error = capsys.readouterr().err
    assert "importing 'broken.py' failed: " in error
    assert message.format(path=path) in error


@pytest.mark.usefixtures("folder")
def test_an_exception_of_a_method_is_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("glue.py:Glue", "--input=13") == 1
    error = capsys.readouterr().err
    assert "ZeroDivisionError: integer division or modulo by zero (" in error
    assert "glue.py:15); invoking function 'run'" in error


@pytest.mark.usefixtures("folder")
def test_methods_are_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert iree_check_module.main(["--module=glue.py:Tests"]) == 1
    output = capsys.readouterr().out
    assert "[       OK ] tests.passes" in output
    assert "AssertionError: one is not two (" in output
    assert "[  FAILED  ] tests.fails" in output
    assert iree_check_module.main(["--module=glue.py:Tests", "--gtest_filter=*passes"]) == 0


@pytest.mark.usefixtures("folder")
def test_methods_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--module=base.vmfb", "--module=glue.py:Glue", "--function=run", "--benchmark_min_time=1x"]
    assert iree_benchmark_module.main([*command, "--input=14"]) == 0
    assert "BM_run/process_time/real_time" in capsys.readouterr().out
    assert iree_benchmark_module.main([*command, "--input=13"]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
