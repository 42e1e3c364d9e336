"""The replay tool: what a corpus of two programs compiles to, and what is told of a difference."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from compare import find_differences, main
from replay_corpus import VMVX_FLAGS, add_case, add_command, read_cases

from mlir_samples import ABS_MLIR

_HERE = Path(__file__).parent


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """One program that compiles and one that does not."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    add_case(folder, ABS_MLIR.encode(), VMVX_FLAGS)
    add_case(folder, b"func.func @broken(", VMVX_FLAGS)
    return folder


def _compile(corpus: Path, name: str) -> Path:
    out = corpus.with_name(name)
    subprocess.run([sys.executable, _HERE / "compile_corpus.py", corpus, out], check=True)
    return out


def test_one_compiler_gives_no_differences(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out_a, out_b = _compile(corpus, "a"), _compile(corpus, "b")

    assert main([str(out_a), str(out_b)]) == 0
    assert sorted(path.suffix for path in out_a.iterdir()) == [".log", ".vmfb"]
    assert capsys.readouterr().out == "2 files compared\n"


def test_parts_that_differ_are_named(corpus: Path) -> None:
    add_case(corpus, ABS_MLIR.replace("absf", "sqrt").encode(), VMVX_FLAGS)
    abs_module, sqrt_module = sorted(_compile(corpus, "out").glob("*.vmfb"))

    differences = find_differences(abs_module, sqrt_module)

    assert "executables" in differences
    assert "host bytecode" not in differences
    assert find_differences(abs_module, corpus / "missing") == ["only in A"]


def test_commands_become_cases_without_the_files_they_write(tmp_path: Path) -> None:
    (tmp_path / "in.mlir").write_text(ABS_MLIR)

    add_command(tmp_path, ["in.mlir", *VMVX_FLAGS, "-o", "out.vmfb", "--iree-opt-level=O1"], tmp_path)
    add_command(tmp_path, ["--help"], tmp_path)

    assert [case.flags for case in read_cases(tmp_path)] == [(*VMVX_FLAGS, "--iree-opt-level=O1")]
