"""Files that a compile writes beside its module: executables on their way, dispatches as a graph."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gossamer.tools import iree_benchmark_module, iree_compile

PROGRAM = """
func.func @f(%x: tensor<4x8xf32>, %n: tensor<?xf32>, %c: i1) -> (tensor<4xf32>, tensor<?xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<4x8xf32>) outs(%zeros : tensor<4xf32>) dimensions = [1]
  %abs = math.absf %n : tensor<?xf32>
  return %sum, %abs : tensor<4xf32>, tensor<?xf32>
}
"""
ABS = """
func.func @abs(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = math.absf %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
"""
DEVICE = "--iree-hal-target-device=local"
BACKENDS = ["llvm-cpu", "vmvx"]


def backend(name: str) -> list[str]:
    return [DEVICE, f"--iree-hal-local-target-device-backends={name}"]


def dumped(program: str, name: str, *kinds: str, folder: Path) -> set[str]:
    """Names of files that a compile for a backend writes about executables."""
    path = folder / "program.mlir"
    path.write_text(program)
    files = folder / "files"
    flags = [f"--iree-hal-dump-executable-{kind}-to={files}" for kind in kinds]
    assert iree_compile.main([*backend(name), *flags, str(path), "-o", str(folder / "out.vmfb")]) == 0
    return {path.name for path in files.iterdir()}


@pytest.mark.reference
@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("program", [PROGRAM, ABS], ids=["linked", "alone"])
def test_files_about_executables_have_the_names_of_the_reference(
    program: str, name: str, iree_bin: Path, tmp_path: Path
) -> None:
    ours = dumped(program, name, "files", folder=tmp_path)
    theirs = tmp_path / "theirs"
    command = [iree_bin / "iree-compile", *backend(name), "--iree-llvmcpu-target-cpu=generic"]
    command += [tmp_path / "program.mlir", "-o", "/dev/null", f"--iree-hal-dump-executable-files-to={theirs}"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    names = {path.name for path in theirs.iterdir()}

    # IREE makes no benchmarks for a program that has something of dynamic shape anywhere.
    assert {name for name in ours ^ names if not name.endswith("_benchmark.mlir")} == set()
    assert {name for name in names if name.endswith("_benchmark.mlir")} <= ours


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("sources", "0.mlir"),
        ("configurations", "0.mlir"),
        ("benchmarks", "benchmark.mlir"),
        ("binaries", ".so"),
    ],
)
def test_each_kind_goes_to_its_folder_alone(kind: str, suffix: str, tmp_path: Path) -> None:
    (name,) = dumped(ABS, "llvm-cpu", kind, folder=tmp_path)
    assert name.endswith(suffix)
    assert name.startswith("configured_module") is (kind == "configurations")


def test_what_was_decided_about_a_kernel_is_written(tmp_path: Path) -> None:
    dumped(PROGRAM, "vmvx", "configurations", folder=tmp_path)
    text = (tmp_path / "files/configured_module_f_dispatch_1.mlir").read_text()
    assert "bindings(ro, wo) constants(index)\n// workgroups(ceildiv(result_dim 0, " in text
    assert "// operand_dim 0 0 is result_dim 0\n" in text


def test_stages_of_native_kernels_show_their_functions(tmp_path: Path) -> None:
    names = dumped(PROGRAM, "llvm-cpu", "intermediates", folder=tmp_path)
    files = {name.split(".", 1)[1]: tmp_path / "files" / name for name in names}
    assert set(files) == {
        *("codegen.ll", "codegen.bc", "linked.ll", "linked.bc", "optimized.ll", "optimized.bc", "s", "o")
    }
    assert "@iree_hal_executable_library_query" in files["optimized.ll"].read_text()
    assert "iree_hal_executable_library_query:" in files["s"].read_text()
    assert files["o"].read_bytes().startswith(b"\x7fELF")


@pytest.mark.parametrize("name", BACKENDS)
def test_a_benchmark_of_a_dispatch_runs(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (benchmark,) = dumped(PROGRAM, name, "benchmarks", folder=tmp_path)
    output, program = tmp_path / "benchmark.vmfb", str(tmp_path / "files" / benchmark)
    assert iree_compile.main([*backend(name), program, "-o", str(output)]) == 0
    assert iree_compile.main([*backend(name), program, "--compile-to=stream"]) == 0
    assert "  dispatch @f_dispatch_0_reduction_4x8_f32" in capsys.readouterr().out

    flags = ["--benchmark_min_time=1x", "--device=local-sync"]
    assert iree_benchmark_module.main([f"--module={output}", *flags]) == 0
    assert "BM_f_dispatch_0" in capsys.readouterr().out


def test_programs_are_measured_with_zeros(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, output = tmp_path / "program.mlir", tmp_path / "out.vmfb"
    path.write_text(f"{ABS}\nfunc.func @add(%a: i32, %b: f64) -> (i32, f64) {{ return %a, %b : i32, f64 }}")
    flags = [*backend("vmvx"), "--iree-flow-export-benchmark-funcs"]
    assert iree_compile.main([*flags, str(path), "-o", str(output)]) == 0
    assert iree_benchmark_module.main([f"--module={output}", "--benchmark_list_tests"]) == 0
    listed = capsys.readouterr().out.split()
    assert [name.split("/")[0] for name in listed] == ["BM_abs_benchmark", "BM_add_benchmark"]


def test_what_has_no_zeros_is_not_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "program.mlir"
    path.write_text(PROGRAM)
    assert iree_compile.main([*backend("vmvx"), "--iree-flow-export-benchmark-funcs", str(path)]) == 1
    assert ":2:1: error: there are no zeros of type tensor<?xf32>" in capsys.readouterr().err


class TestDispatchGraph:
    @staticmethod
    def draw(folder: Path, name: str) -> int:
        path = folder / "program.mlir"
        path.write_text(PROGRAM)
        flags = ["--iree-flow-dump-dispatch-graph"]
        flags += [f"--iree-flow-dump-dispatch-graph-output-file={folder / name}"]
        return iree_compile.main([*backend("vmvx"), *flags, str(path), "-o", "/dev/null"])

    def test_edges_go_from_what_gives_a_tensor_to_what_takes_it(self, tmp_path: Path) -> None:
        assert self.draw(tmp_path, "graph.dot") == 0
        lines = (tmp_path / "graph.dot").read_text().splitlines()
        node = {line.split("label = ")[1]: line.split()[0] for line in lines if "shape" in line}
        argument = node['"%arg0\\ntensor<4x8xf32>"];']
        dispatch = node['"%0 = flow.dispatch @f_dispatch_0(%arg0)\\ntensor<4xf32>"];']
        assert f'  {argument} -> {dispatch} [label = "0"];' in lines

    def test_graphviz_draws_pictures(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program = tmp_path / "dot"
        program.write_text('#!/bin/sh\necho "$1"; cat\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        assert self.draw(tmp_path, "graph.svg") == 0
        assert (tmp_path / "graph.svg").read_text().startswith("-Tsvg\ndigraph G {")

    def test_without_graphviz_there_are_no_pictures(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert self.draw(tmp_path, "graph.svg") == 1
        assert "hint: install Graphviz, or give a file that ends in .dot" in capsys.readouterr().err
