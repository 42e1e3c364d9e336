"""`benchmark_module` and the command lines it makes."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import numpy as np
import pytest

import gossamer
import gossamer.runtime as rt
from gossamer.runtime.iree_api import benchmark

_MLIR = """module @m {
  func.func @double(%a: tensor<2xf32>) -> tensor<2xf32> {
    %0 = arith.addf %a, %a : tensor<2xf32>
    return %0 : tensor<2xf32>
  }
  func.func @other(%a: tensor<2xf32>) -> tensor<2xf32> {
    return %a : tensor<2xf32>
  }
}"""


@pytest.fixture(scope="module")
def module() -> rt.VmModule:
    return rt.VmModule.copy_buffer(rt.VmInstance(), gossamer.compile_text(_MLIR))


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """Stands for the tool: writes a report with its arguments, or does what `--act=` says."""
    path = tmp_path / "tool"
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, sys, time\n"
        "flags = dict(a[2:].split('=', 1) for a in sys.argv[1:])\n"
        "if flags.get('act') == 'fail': sys.exit('it does not work')\n"
        "if flags.get('act') == 'sleep': time.sleep(60)\n"
        "name = ' '.join(sys.argv[1:4])\n"
        "line = dict(name=name, real_time=1.5, cpu_time=0.5, time_unit='ms', iterations=3)\n"
        "if flags.get('act') == 'error': line |= dict(error_occurred=True, error_message='broken')\n"
        "if flags.get('act') == 'ratio': line |= dict(aggregate_unit='percentage')\n"
        "text = '' if flags.get('act') == 'nothing' else json.dumps(dict(benchmarks=[line]))\n"
        "open(flags['benchmark_out'], 'w').write(text)\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_results(module: rt.VmModule, tool: Path) -> None:
    (result,) = rt.benchmark_module(module, "double", executable=tool, device="local-sync")

    assert result.benchmark_name == "--module=- --function=double --device=local-sync"
    assert (result.time, result.cpu_time, result.iterations) == ("1.5 ms", "0.5 ms", "3")
    assert result.report["real_time"] == 1.5
    (ratio,) = rt.benchmark_module(Path("m.vmfb"), executable=tool, act="ratio")
    assert ratio.time == "150.0 %"
    assert rt.benchmark_module(Path("m.vmfb"), executable=tool, act="nothing") == []


def test_failures(module: rt.VmModule, tool: Path) -> None:
    with pytest.raises(benchmark.BenchmarkToolError, match="it does not work"):
        rt.benchmark_module(Path("m.vmfb"), executable=tool, act="fail")
    with pytest.raises(benchmark.BenchmarkToolError, match="broken"):
        rt.benchmark_module(Path("m.vmfb"), executable=tool, act="error")
    with pytest.raises(benchmark.BenchmarkTimeoutError, match=r"0\.1 s"):
        rt.benchmark_module(Path("m.vmfb"), executable=tool, act="sleep", timeout=0.1)
    with pytest.raises(ValueError, match="which function"):
        rt.benchmark_module(module, executable=tool)
    with pytest.raises(ValueError, match="'third' is not one"):
        rt.benchmark_module(module, "third", executable=tool)
    with pytest.raises(ValueError, match="benchmark_out"):
        rt.benchmark_module(module, "double", executable=tool, benchmark_out="x")


def test_command_line() -> None:
    inputs = ["4xf32", np.ones((2, 2), np.float16), np.array([1, 2], np.uint8), np.array(3, np.int32)]
    arguments, flatbuffer = benchmark._build_benchmark_args(
        "m.vmfb", "f", [*inputs, np.zeros((0, 2), np.int64)], "tool", print_statistics=True, device=["a", "b"]
    )
    assert arguments[:6] == [
        "tool",
        "--module=m.vmfb",
        "--function=f",
        "--print_statistics=true",
        "--device=a",
        "--device=b",
    ]
    assert arguments[6:] == [
        "--input=4xf32",
        "--input=2x2xf16=1.0",
        "--input=2xi8=1,2",
        "--input=i32=3",
        "--input=0x2xi64",
    ]
    assert flatbuffer is None


def test_with_the_tool_itself(module: rt.VmModule) -> None:
    flags = {"device": "local-sync", "benchmark_min_time": "1x"}
    (result,) = rt.benchmark_module(module, "double", [np.ones(2, np.float32)], **flags)

    assert "double" in result.benchmark_name
    assert float(result.time.partition(" ")[0]) > 0
