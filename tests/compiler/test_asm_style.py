"""How MLIR's text is written: flags of MLIR's printer, for output and for prints around passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gossamer.tools import iree_compile

PROGRAM = """
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = arith.addf %x, %c : tensor<4xf32>
  return %0 : tensor<4xf32>
}
"""


def printed(folder: Path, *flags: str) -> str:
    path, output = folder / "program.mlir", folder / "out.mlir"
    path.write_text(PROGRAM)
    assert iree_compile.main(["--compile-to=input", *flags, str(path), "-o", str(output)]) == 0
    return output.read_text()


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("--mlir-print-debuginfo", 'program.mlir":4:8)'),
        ("--mlir-print-op-generic", '"func.func"() <{function_type'),
        ("--mlir-print-skip-regions", "module {...}"),
        ("--mlir-elide-elementsattrs-if-larger=3", "dense_resource<__elided__>"),
    ],
)
def test_each_flag_changes_the_text(flag: str, expected: str, tmp_path: Path) -> None:
    flags = [flag, "--mlir-print-local-scope"] if "debuginfo" in flag else [flag]
    assert expected in printed(tmp_path, *flags)
    assert expected not in printed(tmp_path)


def test_prints_around_passes_follow_them_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "program.mlir"
    path.write_text(PROGRAM)
    flags = ["--iree-hal-target-backends=vmvx", "--mlir-print-ir-before=form-dispatches"]
    assert iree_compile.main([*flags, "--mlir-print-op-generic", str(path), "-o", "/dev/null"]) == 0
    assert '"func.func"() <{function_type' in capfd.readouterr().err


def test_prints_around_passes_go_to_files_of_a_folder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, folder = tmp_path / "program.mlir", tmp_path / "tree"
    path.write_text(PROGRAM)
    flags = [
        "--iree-hal-target-backends=vmvx",
        "--mlir-print-ir-after-all",
        f"--mlir-print-ir-tree-dir={folder}",
    ]
    assert iree_compile.main([*flags, str(path), "-o", "/dev/null"]) == 0
    assert capfd.readouterr().err == ""
    names = [path.name for path in (folder / "builtin_module_no-symbol-name").iterdir()]
    numbers, passes = zip(*(name.split("_", 1) for name in names), strict=True)
    assert sorted(map(int, numbers)) == list(range(len(names)))
    assert "form-dispatches.mlir" in passes
