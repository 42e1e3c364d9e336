"""`import iree.compiler` with our compiler in its place, each in its own process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PACKAGE = Path(__file__).parents[2] / "packages" / "gossamer-iree" / "src"
_INSTALL = "from gossamer.tools.iree_api import alias; alias.install();"
_TEXT = (
    "text = 'func.func @abs(%x: tensor<4xf32>) -> tensor<4xf32> {"
    " %0 = math.absf %x : tensor<4xf32> return %0 : tensor<4xf32> }';"
)


def run(code: str, *paths: Path) -> str:
    """What a process that runs `code` prints."""
    path = os.pathsep.join([*map(str, paths), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("before", [_INSTALL, "import iree.compiler;"], ids=["install", "package"])
def test_text_compiles_to_a_module_that_runs(before: str) -> None:
    code = (
        f"{before}{_TEXT}import iree.compiler as ireec, gossamer, numpy as np\n"
        "module = ireec.tools.compile_str(text, target_backends=['vmvx'])\n"
        "pipeline = gossamer.Pipeline([module], device='local-sync')\n"
        "print(np.asarray(pipeline.abs(-np.ones(4, np.float32))))"
    )
    assert run(code, _PACKAGE) == "[1. 1. 1. 1.]"


def test_dialects_are_those_of_mlir_once() -> None:
    code = (
        f"{_INSTALL}from iree.compiler import ir, passmanager\n"
        "from iree.compiler.dialects import arith, func\nimport iree.compiler.dialects.scf as scf\n"
        "import torch_mlir.ir, torch_mlir.dialects.arith, torch_mlir.dialects.scf\n"
        "print(ir is torch_mlir.ir, arith is torch_mlir.dialects.arith, scf is torch_mlir.dialects.scf,"
        " arith.__spec__.name)"
    )
    assert run(code) == "True True True torch_mlir.dialects.arith"


def test_submodules_are_found_by_every_spelling() -> None:
    code = (
        f"{_INSTALL}import iree.compiler.tools.core, iree.compiler.api.ctypes_dl\n"
        "from iree.compiler.tools import binaries, core, debugging, ir_tool\n"
        "from iree.compiler.tools.binaries import CompilerToolError\n"
        "print(core.CompilerToolError is CompilerToolError, debugging.TempFileSaver.__name__)"
    )
    assert run(code) == "True TempFileSaver"


def test_a_failure_says_what_was_asked_for() -> None:
    code = (
        f"{_INSTALL}import iree.compiler.tools as tools\n"
        "try: tools.compile_str('no program', target_backends=['vmvx'])\n"
        "except tools.CompilerToolError as error: print(error)"
    )
    message = run(code)
    assert "<stdin>:1:1: error: " in message
    assert "Invoked with:\n iree-compile - --iree-input-type=auto" in message


def test_irees_own_compiler_is_not_replaced_once_it_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "iree" / "compiler"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    code = (
        "import iree.compiler\nfrom gossamer.tools.iree_api import alias\n"
        "try: alias.install()\nexcept ImportError as error: print(error)"
    )
    assert run(code, tmp_path).startswith("iree.compiler is imported already, from ")
