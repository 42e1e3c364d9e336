"""`iree-run-module` beside IREE's: the same stdout and exit code for the same command line."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.reference

SOURCE = """
func.func @id(%a: tensor<?x?xf32>, %s: i32) -> (tensor<?x?xf32>, i32) {
  return %a, %s : tensor<?x?xf32>, i32
}
func.func @bools(%a: tensor<4xi1>) -> tensor<4xi1> { return %a : tensor<4xi1> }
func.func @types(%a: tensor<f32>, %b: tensor<2x2xi8>, %c: tensor<2xf16>, %d: tensor<2xbf16>,
                 %e: tensor<2xi64>)
    -> (tensor<f32>, tensor<2x2xi8>, tensor<2xf16>, tensor<2xbf16>, tensor<2xi64>) {
  return %a, %b, %c, %d, %e : tensor<f32>, tensor<2x2xi8>, tensor<2xf16>, tensor<2xbf16>, tensor<2xi64>
}
func.func @scalars(%a: f32, %b: i64) -> (f32, i64) { return %a, %b : f32, i64 }
"""

COMMAND_LINES = [
    ["--function=id", "--input=2x2xf32=1,2,3,4", "--input=7"],
    ["--function=id", "--input=2x3xf32=[[1 2 3][4 5 6]]", "--input=0x10"],
    ["--function=id", "--input=64x64xf32=1.5", "--input=-1", "--output_max_element_count=10"],
    ["--function=id", "--input=3x4xf32=1.5", "--input=1", "--output_max_element_count=-1"],
    ["--function=id", "--input=2x0xf32", "--input=010"],
    ["--function=id", "--input=1x3xf32=nan,-inf,1e-40", "--input=-2147483648"],
    ["--function=id", "--input=(null)", "--input=(null)"],
    ["--function=id", "--input=&2x2xf32=1", "--input=1"],
    ["--function=id", "--input=@IN.npy", "--input=1"],
    ["--function=id", "--input=+IN.npy", "--input=1"],
    ["--function=id", "--input=*IN.npy", "--input=1"],
    ["--function=id", "--input=2x3xf32=@IN.bin", "--input=1"],
    ["--function=types", "--input=f32=@IN.bin", "--input=2x2xi8=+IN.bin", "--input=2xf16=+IN.bin",
     "--input=2xbf16=+IN.bin", "--input=2xi64=1"],
    ["--function=id", "--input=2x2xf32=1 2 3", "--input=1"],
    ["--function=id", "--input=2x2xq32=1", "--input=1"],
    ["--function=id", "--input=-2x2xf32=1", "--input=1"],
    ["--function=id", "--input=2x2xf32=1", "--input=7", "--output=@OUT.bin", "--output=+OUT.bin"],
    ["--function=id", "--input=2x2xf32=1", "--input=7", "--output=-", "--output="],
    ["--function=id", "--input=2x2xf32=1", "--input=7", "--output=@OUT.npy", "--output=+OUT.npy"],
    ["--function=id", "--input=2x2xf32=1", "--input=7", "--output=@OUT.bin"],
    ["--function=id", "--input=2x2xf32=1", "--input=7", "--expected_output=2x2xf32=1"],
    ["--function=bools", "--input=4xi1=00 01 01 00"],
    ["--function=bools", "--input=4xi1=00 01 01 00", "--expected_output=4xi1=00 01 01 00"],
    ["--function=bools", "--input=4xi1=00 01 01 00", "--expected_output=4xi1=00 01 01 01"],
    ["--function=types", "--input=f32=3.5", "--input=2x2xi8=1 -2 3 255", "--input=2xf16=1.5,2",
     "--input=2xbf16=1,nan", "--input=2xi64=1,-5"],
    ["--function=scalars", "--input=1.5", "--input=-3"],
    ["--function=scalars", "--input=1.5"],
    ["--function=scalars", "--input=1.5", "--input=2", "--input=3"],
    ["--function=scalars", "--input=abc", "--input=2"],
    ["--function=nope"],
    [],
    ["--bogus"],
    ["--list_devices=local-sync"],
]  # fmt: skip


@pytest.fixture(scope="module")
def module(compile_mlir) -> Path:
    return compile_mlir(
        SOURCE, "--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx", name="io"
    )


@pytest.mark.parametrize("flags", COMMAND_LINES, ids=" ".join)
def test_stdout_and_exit_code(
    flags: list[str], module: Path, iree_bin: Path, gossamer_bin: Path, tmp_path: Path
) -> None:
    results = []
    for name, folder in (("iree", iree_bin), ("gossamer", gossamer_bin)):
        work = tmp_path / name
        work.mkdir()
        np.save(work / "IN.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
        (work / "IN.bin").write_bytes(bytes(range(24)))
        command = [folder / "iree-run-module", "--device=local-sync", f"--module={module}", *flags]
        completed = subprocess.run(command, capture_output=True, cwd=work, timeout=60)
        written = {path.name: path.read_bytes() for path in sorted(work.iterdir())}
        results.append((completed.stdout, completed.returncode, written))

    assert results[0] == results[1]
