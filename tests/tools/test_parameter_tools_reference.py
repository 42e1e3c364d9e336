"""Parameter tools and programs with parameters beside IREE's: the same text, exit codes and files."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gossamer
from gossamer.format.parameters.file_handle import FileHandle
from gossamer.format.parameters.index import ParameterIndex
from gossamer.format.parameters.write_irpa import write_irpa
from mlir_samples import ASYNC_FLAGS, LLVM_CPU_FLAGS, VMVX_FLAGS
from parameter_files import small_gguf, small_irpa, small_safetensors

pytestmark = pytest.mark.reference

_GLOBALS = """
util.global private mutable @m = #flow.parameter.named<"m"> : tensor<4xf32>
util.global private @c = #flow.parameter.named<"model"::"c"> : tensor<4xf32>
util.global private @s = #flow.parameter.named<"model"::"s"> : tensor<4xf32>
util.global private @t = #flow.parameter.named<"other"::"c"> : tensor<2xi64>
func.func @step(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<2xi64>) {
  %m = util.global.load @m : tensor<4xf32>
  %c = util.global.load @c : tensor<4xf32>
  %s = util.global.load @s : tensor<4xf32>
  %t = util.global.load @t : tensor<2xi64>
  %0 = arith.mulf %m, %c : tensor<4xf32>
  %1 = arith.addf %0, %x : tensor<4xf32>
  %2 = arith.addf %1, %s : tensor<4xf32>
  util.global.store %2, @m : tensor<4xf32>
  return %2, %t : tensor<4xf32>, tensor<2xi64>
}
"""
_COUNT = 40
_MANY = (
    "".join(
        f'util.global private @w{i} = #flow.parameter.named<"model"::"w{i}"> : tensor<{i % 5 + 1}xf32>\n'
        for i in range(_COUNT)
    )
    + f"func.func @run() -> ({', '.join(f'tensor<{i % 5 + 1}xf32>' for i in range(_COUNT))}) {{\n"
    + "".join(
        f"  %w{i} = util.global.load @w{i} : tensor<{i % 5 + 1}xf32>\n"
        f"  %d{i} = arith.addf %w{i}, %w{i} : tensor<{i % 5 + 1}xf32>\n"
        for i in range(_COUNT)
    )
    + f"  return {', '.join(f'%d{i}' for i in range(_COUNT))} : "
    + ", ".join(f"tensor<{i % 5 + 1}xf32>" for i in range(_COUNT))
    + "\n}\n"
)
_GATHER = """
util.func public @gather() -> tensor<6xf32> {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c24 = arith.constant 24 : index
  %o0 = arith.constant 0 : i64
  %o4 = arith.constant 4 : i64
  %any = arith.constant -1 : i64
  %forever = arith.constant -1 : i32
  %scope = util.buffer.constant : !util.buffer = "model"
  %first = util.buffer.constant : !util.buffer = "s"
  %second = util.buffer.constant : !util.buffer = "c"
  %device = hal.devices.get %c0 : !hal.device
  %allocator = hal.device.allocator<%device : !hal.device> : !hal.allocator
  %type = hal.memory_type<"HostVisible|DeviceVisible|DeviceLocal"> : i32
  %usage = hal.buffer_usage<"Transfer|DispatchStorage"> : i32
  %buffer = hal.allocator.allocate<%allocator : !hal.allocator>
      affinity(%any) type(%type) usage(%usage) : !hal.buffer{%c24}
  %null = util.null : !hal.fence
  %fence = hal.fence.create device(%device : !hal.device) flags("None") : !hal.fence
  io_parameters.gather<%device : !hal.device> affinity(%any) wait(%null) signal(%fence) {
    %scope::%first[%o0] -> %buffer[%c0 for %c16] : !hal.buffer,
    %scope::%second[%o4] -> %buffer[%c16 for %c8] : !hal.buffer
  }
  hal.fence.await until([%fence]) timeout_millis(%forever) flags("None") : i32
  %tensor = hal.tensor.import %buffer : !hal.buffer -> tensor<6xf32>
  util.return %tensor : tensor<6xf32>
}
"""
_SCATTER = """
func.func @write(%x: tensor<4xf32>) -> tensor<4xf32> {
  %scope = util.buffer.constant : !util.buffer = "model"
  %key = util.buffer.constant : !util.buffer = "c"
  %c0 = arith.constant 0 : i64
  %y = arith.addf %x, %x : tensor<4xf32>
  %r = flow.parameter.write %y -> %scope::%key[%c0] : tensor<4xf32>
  return %r : tensor<4xf32>
}
"""

CompileMlir = Callable[..., Path]


class Tools:
    """Runs a command line with both implementations."""

    def __init__(self, reference: Path, ours: Path) -> None:
        self._folders = reference, ours

    def both(self, name: str, *flags: str) -> list[subprocess.CompletedProcess[bytes]]:
        return [subprocess.run([str(folder / name), *flags], capture_output=True) for folder in self._folders]

    def written(self, name: str, path: Path, *flags: str) -> list[tuple[bytes, bytes]]:
        """Standard output of each, and the file it writes."""
        found: list[tuple[bytes, bytes]] = []
        for folder in self._folders:
            command = [str(folder / name), *flags, f"--output={path}"]
            out = subprocess.run(command, capture_output=True, check=True).stdout
            found.append((out, path.read_bytes()))
            path.unlink()
        return found

    def same(self, name: str, *flags: str) -> tuple[int, bytes]:
        reference, ours = self.both(name, *flags)
        assert ours.stdout == reference.stdout, ours.stderr
        assert ours.returncode == reference.returncode, ours.stderr
        return ours.returncode, ours.stdout


@pytest.fixture(scope="module")
def tools(iree_bin: Path, gossamer_bin: Path) -> Tools:
    return Tools(iree_bin, gossamer_bin)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parameters")
    (folder / "w.gguf").write_bytes(small_gguf())
    (folder / "w.irpa").write_bytes(small_irpa())
    (folder / "w.safetensors").write_bytes(small_safetensors())
    index = ParameterIndex()
    index.add_range("c", FileHandle(np.arange(4, dtype=np.float32).data), 0, 16)
    index.add_splat("s", np.float32(0.5).tobytes(), 16)
    write_irpa(index, folder / "model.irpa")
    index = ParameterIndex()
    index.add_splat("m", np.float32(2).tobytes(), 16)
    index.add_range("c", FileHandle(np.array([5, -6]).data), 0, 16)
    write_irpa(index, folder / "other.irpa")
    index = ParameterIndex()
    for number in range(_COUNT):
        values = np.full(number % 5 + 1, number, np.float32)
        if number % 3:
            index.add_range(f"w{number}", FileHandle(values.data), 0, values.nbytes)
        else:
            index.add_splat(f"w{number}", values[:1].tobytes(), values.nbytes)
    write_irpa(index, folder / "many.irpa")
    return folder


@pytest.mark.parametrize("name", ["w.gguf", "w.irpa", "w.safetensors"])
def test_files_are_listed_and_converted_alike(tools: Tools, files: Path, tmp_path: Path, name: str) -> None:
    code, _ = tools.same("iree-dump-parameters", f"--parameters=scope={files / name}")
    assert code == 0
    flags = f"--parameters={files / name}", "--rename=weight=kernel"
    assert len(set(tools.written("iree-convert-parameters", tmp_path / "a.irpa", *flags))) == 1


@pytest.mark.parametrize(
    "flags",
    [
        ["--data=a=4xf32", "--splat=b=2x3xi16=7", "--data=c=5xi8=3", "--splat=d=1xf64=0.1"],
        ["--splat=a=3xi64"],
        ["--data=a=3xi8", "--data=b=7xi32", "--alignment=256"],
        ["--data=a=0xf32", "--data=b=1xi8=1"],
        [],
    ],
)
def test_archives_are_equal_byte_for_byte(tools: Tools, tmp_path: Path, flags: list[str]) -> None:
    assert len(set(tools.written("iree-create-parameters", tmp_path / "a.irpa", *flags))) == 1


@pytest.mark.parametrize(
    ("target", "device"),
    [
        (VMVX_FLAGS, "local-sync"),
        (LLVM_CPU_FLAGS, "local-task"),
        ((*VMVX_FLAGS, *ASYNC_FLAGS), "local-task"),
    ],
)
def test_programs_print_the_same(
    tools: Tools, files: Path, compile_mlir: CompileMlir, target: tuple[str, ...], device: str
) -> None:
    flags = [
        f"--module={compile_mlir(_GLOBALS, *target, name='parameter_globals')}",
        *(f"--device={device}", "--function=step", "--input=4xf32=1 2 3 4"),
        *(f"--parameters={files / 'other.irpa'}", f"--parameters=model={files / 'model.irpa'}"),
        f"--parameters=other={files / 'other.irpa'}",
    ]
    code, out = tools.same("iree-run-module", *flags)
    assert (code, b"4xf32=1.5 4.5 7.5 10.5" in out, b"2xi64=5 -6" in out) == (0, True, True)


def test_many_parameters(tools: Tools, files: Path, compile_mlir: CompileMlir) -> None:
    module = compile_mlir(_MANY, *VMVX_FLAGS, name="many_parameters")
    flags = f"--module={module}", "--device=local-sync", f"--parameters=model={files / 'many.irpa'}"
    code, out = tools.same("iree-run-module", *flags, "--parameter_mode=preload")
    assert (code, out.count(b"result[")) == (0, _COUNT)


def test_gathers(tools: Tools, files: Path, compile_mlir: CompileMlir) -> None:
    flags = (
        f"--module={compile_mlir(_GATHER, *VMVX_FLAGS, name='gather')}",
        "--device=local-task",
        f"--parameters=model={files / 'model.irpa'}",
    )
    assert b"6xf32=0.5 0.5 0.5 0.5 1 2" in tools.same("iree-run-module", *flags)[1]


def test_scatters(files: Path, compile_mlir: CompileMlir, tools: Tools) -> None:
    module = compile_mlir(_SCATTER, *VMVX_FLAGS, name="scatter")
    flags = f"--module={module}", "--device=local-sync", "--function=write", "--input=4xf32=1"
    for result in tools.both("iree-run-module", *flags, f"--parameters=model={files / 'model.irpa'}"):
        assert result.returncode == 1
        assert b"parameter `c` storage does not support the requested access type" in result.stderr
        assert b"parameter allows READ, operation requires WRITE" in result.stderr
    target = np.zeros(4, np.float32)
    index = ParameterIndex()
    index.add_buffer("c", target.data, writable=True)
    pipeline = gossamer.Pipeline([module], device="local-task", parameters={"model": index})
    pipeline.write(np.arange(4, dtype=np.float32))
    assert target.tolist() == [0, 2, 4, 6]


def test_our_modules_load_parameters_in_iree(tools: Tools, files: Path, tmp_path: Path) -> None:
    module = tmp_path / "m.vmfb"
    module.write_bytes(gossamer.compile_text(_GLOBALS, asynchronous=True))
    code, out = tools.same(
        "iree-run-module",
        *(f"--module={module}", "--device=local-sync", "--function=step", "--input=4xf32=1 2 3 4"),
        *(f"--parameters={files / 'other.irpa'}", f"--parameters=model={files / 'model.irpa'}"),
        f"--parameters=other={files / 'other.irpa'}",
    )
    assert (code, b"4xf32=1.5 4.5 7.5 10.5" in out) == (0, True)


def test_errors_have_the_same_status(tools: Tools, files: Path, compile_mlir: CompileMlir) -> None:
    module = compile_mlir(_GLOBALS, *VMVX_FLAGS, name="parameter_globals")
    flags = f"--module={module}", "--device=local-sync", "--function=step", "--input=4xf32=1"
    for parameters, message in (
        ([], b"NOT_FOUND; no provider registered that handles scopes like '"),
        ([f"--parameters={files / 'absent.irpa'}"], b"NOT_FOUND; failed to open file '"),
        ([f"--parameters={module}"], b"UNIMPLEMENTED; unsupported file format `vmfb`; ensure the extension"),
        (["--parameters=a.irpa", "--parameter_mode=x"], b"INVALID_ARGUMENT; unrecognized --parameter_mode="),
    ):
        for result in tools.both("iree-run-module", *flags, *parameters):
            assert result.returncode == 1
            assert message in result.stderr
