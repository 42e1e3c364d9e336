"""Flags of `iree-run-module` that show what a program does."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gossamer import compile_text
from gossamer.abi.module_interface import ModuleInterface
from gossamer.errors import InvalidArgumentError
from gossamer.hal.memory.buffer_view import BufferView
from gossamer.hal.memory.heap_allocator import HeapAllocator
from gossamer.modules.native import FunctionTable, NativeModule
from gossamer.tools import iree_run_module
from gossamer.tools.instrument_file import write_instrument_data
from gossamer.vm.link.context import Context
from gossamer.vm.objects.buffer import Buffer as HostBuffer
from gossamer.vm.objects.list import List

SOURCE = """
builtin.module @program {
  func.func @twice(%a: i32, %b: tensor<4xf32>) -> (i32, tensor<4xf32>) {
    %two = arith.constant 2 : i32
    %0 = arith.muli %a, %two : i32
    %1 = arith.addf %b, %b : tensor<4xf32>
    return %0, %1 : i32, tensor<4xf32>
  }
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "program.vmfb"
    path.write_bytes(compile_text(SOURCE))
    return path


def run(program: Path, *flags: str) -> int:
    inputs = ["--function=twice", "--input=21", "--input=4xf32=1 2 3 4"]
    return iree_run_module.main([f"--module={program}", "--device=local-sync", *inputs, *flags])


def test_traces_show_instructions_with_values(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(program, "--trace_execution") == 0
    captured = capsys.readouterr()

    assert "result[0]: i32=42\n" in captured.out
    lines = [line for line in captured.err.splitlines() if line.startswith("[program.twice+")]
    assert all(re.match(r"\[program\.twice\+[0-9A-F]{8}\]    \S", line) for line in lines)
    assert any(re.search(r"vm\.(mul|shl|add)\.i32 %i\d+\(21\)", line) for line in lines)
    assert any("(!hal.buffer_view)" in line for line in lines)


def test_memory_may_be_limited(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(program, "--device_allocator=limit:20b") == 1
    assert (
        "RESOURCE_EXHAUSTED; cannot allocate 16 bytes: 16 of 20 bytes are in use" in capsys.readouterr().err
    )
    assert run(program, "--device_allocator=limit:1kib") == 0


def test_the_lead_device_takes_inputs(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(program, "--device=local-task", "--device_lead_allocator=1", "--print_statistics") == 0
    sync, task = capsys.readouterr().err.split("Device: ")[1:]
    assert "16B allocated" in sync
    assert "16B allocated" in task
    assert run(program, "--device_lead_allocator=-1") == 1
    assert "outside the device group range [0, 1)" in capsys.readouterr().err


def test_an_instrument_file_without_instruments_is_empty(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"stale")

    assert run(program, f"--instrument_file={path}") == 0
    assert path.read_bytes() == b""


def instrumented(*items: object) -> Context:
    interface = ModuleInterface("m")
    interface.declare("__query_instruments", "0r_v")
    functions = FunctionTable(interface)

    @functions.export("__query_instruments")
    def query(found: List) -> None:
        for item in items:
            found.append(item)

    return Context([NativeModule(functions)])


def test_instrument_data_is_what_the_buffers_hold(tmp_path: Path) -> None:
    view = BufferView.from_numpy(np.arange(3, dtype=np.uint8), HeapAllocator(), copy=True)
    write_instrument_data(str(tmp_path / "data"), instrumented(HostBuffer.wrap(b"ab"), view))

    assert (tmp_path / "data").read_bytes() == b"ab\0\1\2"


def test_instrument_data_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"failed to open instrument file .*absent"):
        write_instrument_data(str(tmp_path / "absent" / "data"), instrumented())
    with pytest.raises(InvalidArgumentError, match="neither a buffer nor a buffer view"):
        write_instrument_data(str(tmp_path / "data"), instrumented(List("i32")))
