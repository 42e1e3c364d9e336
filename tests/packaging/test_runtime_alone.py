"""Programs run where the compiler's libraries are not installed, and compiling says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gossamer

WITHOUT_COMPILER = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch_mlir":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""

PROGRAM = """
builtin.module @m {
  util.global private mutable @calls = 0 : i32
  func.func @double(%x: tensor<?xf32>) -> (tensor<?xf32>, i32) {
    %calls = util.global.load @calls : i32
    %one = arith.constant 1 : i32
    %next = arith.addi %calls, %one : i32
    util.global.store %next, @calls : i32
    %0 = arith.addf %x, %x : tensor<?xf32>
    return %0, %next : tensor<?xf32>, i32
  }
}
"""

ADVICE = (
    "compiling needs MLIR, which is not installed (no module 'torch_mlir'): "
    "pip install 'gossamer[compiler]' brings it"
)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("alone") / "m.vmfb"
    path.write_bytes(gossamer.compile_text(PROGRAM))
    return path


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_COMPILER + program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def command(name: str) -> str:
    return f"from gossamer.tools.{name} import main\nsys.exit(main())"


def test_a_pipeline_runs(module: Path) -> None:
    done = run(
        """
import numpy as np, gossamer
with gossamer.Pipeline([sys.argv[1]], device="local-sync") as pipeline:
    doubled, calls = pipeline.double(np.array([1, 2], np.float32))
    saved = pipeline.state.snapshot()
    assert doubled.tolist() == [2, 4] and calls == 1, (doubled, calls)
""",
        module,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "flags", "printed"),
    [
        ("iree_run_module", ["--function=double", "--input=2xf32=1 2"], "2xf32=2 4"),
        ("iree_benchmark_module", ["--function=double", "--input=2xf32=1 2"], "BM_double/"),
    ],
)
def test_commands_that_run_programs_run(module: Path, name: str, flags: list[str], printed: str) -> None:
    done = run(command(name), f"--module={module}", *flags)
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout


def test_modules_are_shown_and_made_of_text(module: Path, tmp_path: Path) -> None:
    shown = run(command("iree_dump_module"), module)
    assert "Exported Functions:" in shown.stdout
    assert run(command("gossamer"), "--help").returncode == 0


def test_compiling_says_what_to_install(tmp_path: Path) -> None:
    source = tmp_path / "m.mlir"
    source.write_text(PROGRAM)
    done = run(command("iree_compile"), source, "-o", tmp_path / "m.vmfb")
    assert (done.returncode, done.stderr) == (1, f"iree-compile: {ADVICE}\n")
    assert not (tmp_path / "m.vmfb").exists()
    assert run(command("iree_compile"), "--help").returncode == 0

    done = run(
        "import gossamer\ntry:\n    gossamer.compile_text('')\nexcept ImportError as error:\n    print(error)"
    )
    assert (done.stdout, done.stderr) == (f"{ADVICE}\n", "")
