"""The harnesses that run IREE's own test suites: each on a small suite of ours, laid out like a checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from check_suites import find_cases
from respell import respell

_HERE = Path(__file__).parent

_CMAKE = r"""
# comment (with a parenthesis
iree_check_single_backend_test_suite(
  NAME
    check_vmvx
  SRCS
    "adds.mlir"
  TARGET_BACKEND
    "vmvx"
  DRIVER
    "local-task"
  COMPILER_FLAGS
    "--iree-opt-level=O1"
    "--iree-preprocessing-pass-pipeline=builtin.module\(canonicalize\)"
)
iree_check_single_backend_test_suite(
  NAME
    check_gpu
  SRCS
    "adds.mlir"
  TARGET_BACKEND
    "cuda"
)
iree_check_single_backend_test_suite(
  NAME
    compiles_only
  SRCS
    # "left_out.mlir"
    "${PROJECT_BINARY_DIR}/made.mlir"
  TARGET_BACKEND
    "llvm-cpu"
)
iree_genrule(
  NAME
    made
  OUTS
    made_llvm-cpu.mlir
  CMD
    "python3 $(rootpath make.py) > $(execpath made_llvm-cpu.mlir)"
)
"""
_CHECKS = """
func.func @right() {
  %0 = util.unfoldable_constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = arith.addf %0, %0 : tensor<2xf32>
  check.expect_almost_eq_const(%1, dense<[2.0, 4.0]> : tensor<2xf32>) : tensor<2xf32>
  return
}
func.func @wrong() {
  %0 = util.unfoldable_constant dense<[1, 2]> : tensor<2xi32>
  check.expect_eq_const(%0, dense<[1, 3]> : tensor<2xi32>) : tensor<2xi32>
  return
}
"""
_ASSEMBLY = """vm.module @small
vm.export @test_ends
vm.func @test_ends() -> () {
  vm.return
}
vm.export @fail_always
vm.func @fail_always() -> () {
  %i0 = vm.const.i32 9
  vm.fail %i0, "always"
}
vm.export @counts
vm.func @counts(%i0: i32, %i1: i32) -> (i32) {
  %i0 = vm.add.i32 %i0, %i1
  vm.return %i0
}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "tests" / "e2e" / "small"
    folder.mkdir(parents=True)
    (folder / "CMakeLists.txt").write_text(_CMAKE)
    (folder / "adds.mlir").write_text(_CHECKS)
    (folder / "make.py").write_text("print('// made')")
    assembly = tmp_path / "runtime" / "src" / "iree" / "vm" / "test" / "small.vmasm"
    assembly.parent.mkdir(parents=True)
    assembly.write_text(_ASSEMBLY)
    return tmp_path


def test_cases_are_read_from_cmake(checkout: Path, tmp_path: Path) -> None:
    (checkout / "tests/e2e/small/CMakeLists.txt").write_text(
        _CMAKE.replace("/made.mlir", "/made_llvm-cpu.mlir")
    )
    cases = find_cases(checkout, tmp_path / "generated")

    assert [(case.name, case.backend, case.runs) for case in cases] == [
        ("small/check_vmvx/adds.mlir", "vmvx", True),
        ("small/compiles_only/made_llvm-cpu.mlir", "llvm-cpu", False),
    ]
    assert cases[0].flags[2:] == (
        "--iree-opt-level=O1",
        "--iree-preprocessing-pass-pipeline=builtin.module(canonicalize)",
    )
    assert cases[1].source.read_text() == "// made\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("%0 = linalg.add ins(%a)", "%0 = linalg.elementwise <add> ins(%a)"),
        ("iree_linalg_ext.attention {a = [1]}\n ins(%q)", "iree_linalg_ext.attention <{a = [1]}>\n ins(%q)"),
        (
            "tosa.arithmetic_right_shift %0, %1 {round = 1 : i1} :",
            "tosa.arithmetic_right_shift %0, %1 round(true) :",
        ),
        ("tosa.reduce_max %0 {axis = 0 : i32} :", "tosa.reduce_max %0 axis(0) :"),
        ("tosa.pool %0 {pad = array<i64: 0, 1>, b = 1.0 : f32}:", "tosa.pool %0 pad([0, 1]) b(1.0 : f32):"),
        ("tosa.const {values = dense<1> : tensor<i8>}", "tosa.const {values = dense<1> : tensor<i8>}"),
    ],
)
def test_old_spellings_are_respelled(old: str, new: str) -> None:
    assert respell(old) == new


def _run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(_HERE / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.reference
def test_e2e_compares_with_iree(checkout: Path, iree_bin: Path) -> None:
    done = _run("e2e.py", checkout, "--iree-bin", iree_bin, "--cache", checkout / "cache")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "vmvx on local-sync: 1 of 1 functions pass" in done.stdout
    assert "vmvx on local-task: 1 of 1 functions pass" in done.stdout
    assert "wrong on local-sync: fails in IREE (expect_eq), fails here" in done.stdout


@pytest.mark.reference
def test_vmasm_compares_with_iree(checkout: Path, iree_bin: Path) -> None:
    done = _run("vmasm.py", checkout, "--iree-bin", iree_bin)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 files assemble to the same tables" in done.stdout
    assert "3 of 3 functions agree" in done.stdout


@pytest.mark.reference
def test_binding_tests_run_under_an_alias(tmp_path: Path, iree_bin: Path) -> None:
    folder = tmp_path / "runtime" / "bindings" / "python" / "tests"
    folder.mkdir(parents=True)
    (folder / "tokenizer_test.py").write_text("import nothing_like_that")
    (folder / "alias_test.py").write_text(
        "import pytest\n"
        "import iree.compiler\n"
        "import iree.runtime.benchmark\n"
        "from iree.runtime._binding import create_hal_driver\n"
        "def test_alias(): assert iree.runtime.__name__ == 'gossamer.runtime'\n"
        "def test_skips(): pytest.skip('not here')\n"
        "def test_fails(): assert not iree.compiler\n"
    )
    done = _run("binding_tests.py", tmp_path, "--iree-bin", iree_bin)

    assert done.returncode == 1
    assert "FAILED: alias_test.py::test_fails" in done.stdout, done.stdout + done.stderr
    assert done.stdout.endswith("1 FAILED, 1 passed, 1 refused, 1 skipped by the test itself\n")


@pytest.mark.reference
def test_lit_tests_compare_what_is_printed(tmp_path: Path, iree_bin: Path) -> None:
    folder = tmp_path / "tests" / "e2e"
    folder.mkdir(parents=True)
    (folder / "printed.mlir").write_text(
        "// RUN: iree-run-mlir --Xcompiler,iree-hal-target-device=local \\\n"
        "// RUN:   --Xcompiler,iree-hal-local-target-device-backends=vmvx %s \\\n"
        "// RUN:   --input=2xf32=-1 | FileCheck %s\n"
        "// RUN: iree-opt %s\n"
        "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n"
        "  %0 = math.absf %x : tensor<2xf32>\n"
        "  return %0 : tensor<2xf32>\n"
        "}\n"
    )
    done = _run("lit_tests.py", tmp_path, "--iree-bin", iree_bin)

    assert (done.returncode, done.stdout) == (0, "2 of 2 runs print what IREE's do\n"), done.stderr
