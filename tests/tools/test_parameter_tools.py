"""The tools for parameter files, and `--parameters=` of those that run programs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.format.parameters.entries import Splat
from gossamer.format.parameters.index import ParameterIndex
from gossamer.tools import gossamer as umbrella
from gossamer.tools import (
    iree_compile,
    iree_convert_parameters,
    iree_create_parameters,
    iree_dump_parameters,
    iree_run_module,
)
from mlir_samples import VMVX_FLAGS
from parameter_files import small_safetensors

_MODULE = """
util.global private @w = #flow.parameter.named<"model"::"weight"> : tensor<2x3xf32>
func.func @get() -> tensor<2x3xf32> {
  %w = util.global.load @w : tensor<2x3xf32>
  return %w : tensor<2x3xf32>
}
"""
_HEAD = """\
//===--------------------------------------------------------------------------------------------------------------===//
// Parameter scope {scope} ({count} entries, {total} total bytes)
//===------------+------------------+------------------+-----------------------------------------------------------===//
//         Start |              End |           Length | Key
//---------------+------------------+------------------+--------------------------------------------------------------//
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def run(main: Callable[[list[str]], int], *flags: object) -> tuple[int, str, str]:
        code = main([str(flag) for flag in flags])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "w.safetensors"
    path.write_bytes(small_safetensors())
    return path


def test_create(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.irpa"
    code, out, _ = run(
        iree_create_parameters.main,
        "--data=zeros=4x2xi16",
        "--splat=twos=8xf32=2",
        "--data=words=5xi32=0x01020304",
        f"--output={path}",
    )
    assert code == 0
    assert out == _HEAD.format(scope="<global>", count=3, total=68) + (
        "               - |                - |               32 | `twos`\n"
        "             384 |              400 |               16 | `zeros`\n"
        "             448 |              468 |               20 | `words`\n\n"
    )
    index = ParameterIndex()
    index.load(path)
    assert bytes(index["words"].contents()) == b"\4\3\2\1" * 5
    assert bytes(index["zeros"].contents()) == bytes(16)
    assert index["twos"].storage == Splat(np.float32(2).tobytes())


def test_create_quietly_with_an_alignment(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.irpa"
    flags = "--data=a=1xi8", "--data=b=3xi8=7", "--alignment=256", "--quiet", f"--output={path}"
    assert run(iree_create_parameters.main, *flags) == (0, "", "")
    _, out, _ = run(iree_dump_parameters.main, f"--parameters={path}")
    assert "             256 |              257 |                1 | `a`\n" in out
    assert "             512 |              515 |                3 | `b`\n" in out


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--data=a=4x8", "unhandled element type prefix in '8'"),
        ("--data=a=4xf32=q", "parsing value `q` as f32"),
        ("--splat=a=4xi4=1", "declare 2xi4 as 1xi8"),
        ("--splat=a", "empty string input"),
        ("--data=a=99999999999x99999999999xf64", "is too long"),
        ("--alignment=0", "alignment 0 is not positive"),
    ],
)
def test_declarations_that_are_none(run: Run, tmp_path: Path, flag: str, message: str) -> None:
    code, _, err = run(iree_create_parameters.main, flag, f"--output={tmp_path / 'a.irpa'}")
    assert code == 1
    assert message in err
    assert not (tmp_path / "a.irpa").exists()


def test_outputs_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    assert "use --output=file.irpa" in run(iree_create_parameters.main)[2]
    code, _, err = run(iree_convert_parameters.main, f"--output={tmp_path / 'no' / 'a.irpa'}")
    assert code == 1
    assert "No such file or directory" in err


def test_convert(run: Run, weights: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "b.npy", np.arange(4, dtype=np.int32))
    np.save(tmp_path / "c.npy", np.arange(4, dtype=np.int32))
    output = tmp_path / "out.irpa"
    code, out, _ = run(
        iree_convert_parameters.main,
        *(f"--parameters={weights}", f"--parameters=x={tmp_path / 'b.npy'}"),
        *(f"--parameters={tmp_path / 'c.npy'}", "--exclude=none", "--rename=weight=kernel"),
        *("--splat=b=i32=5", "--splat=c", f"--output={output}"),
    )
    assert code == 0
    index = ParameterIndex()
    index.load(output)
    assert [entry.key for entry in index] == ["kernel", "c", "b"]
    assert index["b"].storage == Splat(b"\5\0\0\0")
    assert index["c"].storage == Splat(b"\0")
    assert bytes(index["kernel"].contents()) == np.arange(6, dtype=np.float32).tobytes()
    assert out.count("`") == 6


def test_strip(run: Run, weights: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.irpa"
    flags = f"--parameters={weights}", "--strip", "--splat=weight=f32=1", "--quiet", f"--output={output}"
    assert run(iree_convert_parameters.main, *flags) == (0, "", "")
    index = ParameterIndex()
    index.load(output)
    assert index["none"].storage == Splat(b"\0")
    assert index["weight"].storage == Splat(np.float32(1).tobytes())


def test_dump_and_extract(run: Run, weights: Path, tmp_path: Path) -> None:
    target = tmp_path / "w.bin"
    code, out, _ = run(
        iree_dump_parameters.main, f"--parameters=model={weights}", f"--extract=model::weight={target}"
    )
    assert code == 0
    assert out.startswith(_HEAD.format(scope="`model`", count=2, total=24))
    assert out.endswith(f"\n\nExtracting parameter `model::weight` (24b) to `{target}`...\n")
    assert target.read_bytes() == np.arange(6, dtype=np.float32).tobytes()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["stray"], "no positional arguments expected"),
        (["--parameters=absent.irpa"], "failed to open file 'absent.irpa'"),
        (["--parameters=x=W", "--parameter_mode=mmap"], "unrecognized --parameter_mode= value 'mmap'"),
        (["--parameters=W", "--extract=wieght=OUT"], "did you mean 'weight'"),
        (["--parameters=W", "--extract=weight"], "expected [scope::]key=file.bin"),
        (["--parameters=W", "--extract=y::weight=OUT"], "no parameter found in index with key 'weight'"),
    ],
)
def test_dumps_that_fail(run: Run, weights: Path, tmp_path: Path, flags: list[str], message: str) -> None:
    given = [flag.replace("W", str(weights)).replace("OUT", str(tmp_path / "out")) for flag in flags]
    code, _, err = run(iree_dump_parameters.main, *given)
    assert code == 1
    assert message in err


def test_splats_have_nothing_to_extract(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.irpa"
    run(iree_create_parameters.main, "--splat=a=1xi8=1", f"--output={path}")
    code, _, err = run(iree_dump_parameters.main, f"--parameters={path}", f"--extract=a={tmp_path / 'x'}")
    assert code == 1
    assert "cannot extract a splat" in err


@pytest.mark.parametrize("mode", ["file", "preload"])
def test_programs_with_parameters(run: Run, weights: Path, tmp_path: Path, mode: str) -> None:
    module = tmp_path / "m.vmfb"
    module.write_bytes(gossamer.compile_text(_MODULE))
    flags = f"--module={module}", "--device=local-sync", f"--parameter_mode={mode}"
    code, out, _ = run(iree_run_module.main, *flags, f"--parameters=model={weights}")
    assert (code, out.splitlines()[-1]) == (0, "2x3xf32=[0 1 2][3 4 5]")
    code, _, err = run(iree_run_module.main, *flags, f"--parameters={weights}")
    assert code == 1
    assert "no provider registered that handles scopes like 'model'; there are parameters for ''" in err


def test_the_umbrella_knows_the_commands(run: Run, weights: Path) -> None:
    code, out, _ = run(umbrella.main, "dump-parameters", f"--parameters={weights}")
    assert (code, "`weight`" in out) == (0, True)


@pytest.mark.reference
def test_exported_weights_are_loaded_by_iree(tmp_path: Path, iree_bin: Path) -> None:
    weights = np.arange(100, dtype=np.float32)
    (tmp_path / "scale.mlir").write_text(
        "util.global private mutable @gain = dense<2.0> : tensor<100xf32>\n"
        "func.func @scale(%x: tensor<100xf32>) -> tensor<100xf32> {\n"
        f"  %w = arith.constant dense<{weights.tolist()}> : tensor<100xf32>\n"
        "  %gain = util.global.load @gain : tensor<100xf32>\n"
        "  %0 = arith.mulf %x, %w : tensor<100xf32>\n"
        "  %1 = arith.mulf %0, %gain : tensor<100xf32>\n"
        "  util.global.store %1, @gain : tensor<100xf32>\n"
        "  return %1 : tensor<100xf32>\n"
        "}\n"
    )
    archive, module = tmp_path / "w.irpa", tmp_path / "scale.vmfb"
    flags = [*VMVX_FLAGS, f"--iree-parameter-export=m={archive}", f"-o={module}"]
    assert iree_compile.main([str(tmp_path / "scale.mlir"), *flags]) == 0
    arguments = [f"--module={module}", f"--parameters=m={archive}", "--device=local-sync"]
    arguments += ["--function=scale", "--input=100xf32=0.5", f"--output=@{tmp_path / 'y.npy'}"]
    done = subprocess.run([iree_bin / "iree-run-module", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), weights)
