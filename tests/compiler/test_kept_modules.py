"""Modules that were compiled before are found again, and only where compiling would give the same."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import gossamer
from gossamer.compiler import kept_modules, pipeline
from gossamer.compiler.api import compile_text
from gossamer.compiler.kept_modules import SWITCH_VARIABLE, compile_kept
from gossamer.compiler.options import CompileOptions, Phase
from gossamer.compiler.source import Source
from gossamer.compiler.target.registry import registered
from gossamer.compiler.target.vmvx.target import VmvxTarget
from gossamer.errors import CompileError
from gossamer.kept_files.store import CACHE_DIR_VARIABLE, COMPILED_PREFIX

PROGRAM = """
builtin.module @m {
  func.func @double(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = arith.addf %x, %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
"""
OPTIONS = CompileOptions(target_device="local", target_backends=("vmvx",))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_DIR_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(SWITCH_VARIABLE)
    return tmp_path / "cache" / "native"


@pytest.fixture
def compiles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the sources that were compiled."""
    names: list[str] = []
    compile_source = pipeline.compile_source

    def counting(source: Source, options: CompileOptions) -> bytes:
        names.append(source.name)
        return compile_source(source, options)

    monkeypatch.setattr(pipeline, "compile_source", counting)
    return names


def compiled(text: str = PROGRAM, options: CompileOptions = OPTIONS, name: str = "m.mlir") -> bytes:
    return compile_kept(Source.from_text(text, name), options)


def test_the_same_compile_is_found(compiles: list[str]) -> None:
    assert compiled() == compiled()
    assert len(compiles) == 1
    assert compile_text(PROGRAM) == compile_text(PROGRAM)
    assert len(compiles) == 2


@pytest.mark.parametrize(
    "other",
    [
        lambda: compiled(PROGRAM + " "),
        lambda: compiled(name="other.mlir"),
        lambda: compiled(options=replace(OPTIONS, strip_source_map=True)),
        lambda: compiled(options=replace(OPTIONS, type_conversions=frozenset())),
        lambda: compiled(options=replace(OPTIONS, compile_to=Phase.FLOW)),
        lambda: compiled(options=replace(OPTIONS, target_backends=("llvm-cpu",))),
    ],
)
def test_anything_else_is_another_compile(compiles: list[str], other: Callable[[], bytes]) -> None:
    compiled()
    other()
    other()
    assert len(compiles) == 2


def test_other_sources_of_the_compiler_compile_again(
    compiles: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled()
    (tmp_path / "compiler").mkdir()
    (tmp_path / "compiler" / "pass.py").write_text("")
    monkeypatch.setattr(gossamer, "__path__", [*gossamer.__path__, str(tmp_path)])
    monkeypatch.setattr(kept_modules, "package_version", kept_modules.package_version.__wrapped__)
    compiled()
    (tmp_path / "compiler" / "pass.py").write_text("x = 1")
    compiled()
    assert len(compiles) == 3


def test_a_host_processor_counts_where_it_is_asked_for(
    compiles: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    generic = replace(OPTIONS, target_backends=("llvm-cpu",))
    host = replace(generic, llvmcpu_target_cpus=("host",))
    for identity in ("one", "two"):
        monkeypatch.setattr(kept_modules, "processor_identity", lambda identity=identity: identity)
        compiled(options=generic)
        compiled(options=host)
    assert len(compiles) == 3


@pytest.mark.parametrize("options", [replace(OPTIONS, timing=True), replace(OPTIONS, is_kept=False)])
def test_what_does_more_than_compile_is_not_kept(
    compiles: list[str], folder: Path, options: CompileOptions
) -> None:
    compiled(options=options)
    compiled(options=options)
    assert len(compiles) == 2
    assert not list(folder.glob(f"{COMPILED_PREFIX}*"))


def test_files_that_may_name_others_are_compiled_each_time(compiles: list[str], tmp_path: Path) -> None:
    for suffix, expected in ((".mlir", 1), (".onnx", 3)):
        path = tmp_path / f"m{suffix}"
        path.write_text(PROGRAM)
        for _ in range(2):
            with contextlib.suppress(CompileError):
                compile_kept(Source.from_path(path), OPTIONS)
        assert len(compiles) == expected


def test_dumps_are_written_each_time(compiles: list[str], tmp_path: Path) -> None:
    for number in range(2):
        folder = tmp_path / str(number)
        compiled(options=replace(OPTIONS, dump_phases_to=str(folder)))
        assert (folder / "m.1.input.mlir").exists()


def test_the_environment_turns_it_off(compiles: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH_VARIABLE, "0")
    compiled()
    compiled()
    assert len(compiles) == 2


class OtherTarget(VmvxTarget):
    name = "other"


def test_nothing_is_kept_while_there_are_targets_of_others(compiles: list[str]) -> None:
    compiled()
    with registered(OtherTarget()):
        compiled()
    compiled()
    assert len(compiles) == 2


def test_warnings_are_given_again(compiles: list[str]) -> None:
    program = """
func.func @f(%x: tensor<2xf64>) -> tensor<2xf64> {
  %0 = arith.constant dense<1.0e300> : tensor<2xf64>
  %1 = arith.addf %x, %0 : tensor<2xf64>
  return %1 : tensor<2xf64>
}"""
    seen: list[list[str]] = []
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            compiled(program)
        seen.append([str(warning.message) for warning in caught])
    assert len(compiles) == 1
    assert seen[0]
    assert seen[0] == seen[1]


def test_damaged_files_are_compiled_again(compiles: list[str], folder: Path) -> None:
    before = compiled()
    (kept,) = folder.glob(f"{COMPILED_PREFIX}*")
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    assert compiled() == before
    assert len(compiles) == 2


def test_a_command_finds_a_module_without_mlir(tmp_path: Path) -> None:
    source = tmp_path / "m.mlir"
    source.write_text(PROGRAM)
    command = """
import sys
from gossamer.tools.iree_compile import main
code = main(["--iree-hal-target-backends=vmvx", *sys.argv[1:]])
print("torch_mlir" in sys.modules, "numpy" in sys.modules)
sys.exit(code)
"""
    printed: list[str] = []
    for name in ("first", "second"):
        arguments = [sys.executable, "-c", command, str(source), "-o", str(tmp_path / name)]
        printed.append(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)
    assert printed == ["True True\n", "False False\n"]
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    assert os.listdir(os.environ[CACHE_DIR_VARIABLE])
