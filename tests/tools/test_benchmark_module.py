"""iree-benchmark-module: how often it measures, statistics, layouts, flags."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import gossamer
from gossamer.tools import iree_as_module, iree_benchmark_module
from gossamer.tools.benchmark.machine import describe_machine
from gossamer.tools.benchmark.measure import Benchmark, Policy, Result, Timing, measure
from gossamer.tools.benchmark.report import name_width, new_report

_SOURCE = """vm.module @m
vm.export @nothing
vm.export @twice
vm.func @nothing() -> () {
  vm.return
}
vm.func @twice(%i0: i32) -> (i32) {
  %i0 = vm.add.i32 %i0, %i0
  vm.return %i0
}
"""


@pytest.fixture(scope="module")
def module_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark")
    (folder / "m.vmasm").write_text(_SOURCE)
    assert iree_as_module.main([f"--output={folder / 'm.vmfb'}", str(folder / "m.vmasm")]) == 0
    return folder / "m.vmfb"


def _run(path: Path, *flags: str) -> int:
    return iree_benchmark_module.main([f"--module={path}", "--device=local-sync", *flags])


def _fixed(seconds: float, asked: list[int]) -> Benchmark:
    def run(iterations: int) -> Timing:
        asked.append(iterations)
        return Timing(iterations, iterations * seconds, iterations * seconds / 2)

    return Benchmark("BM_x", run)


def test_iterations_grow_until_the_minimum_time() -> None:
    asked: list[int] = []
    results = measure(_fixed(1e-4, asked), 0, Policy(minimum_seconds=0.5, repetitions=2))

    # Tenfold while a run says little, then what is predicted and 40% more; once for all repetitions.
    assert asked == [1, 10, 100, 1000, 7000, 7000]
    assert results[0].real_time == pytest.approx(0.1)
    assert results[0].cpu_time == pytest.approx(0.05)
    assert results[0].items_per_second == pytest.approx(10000)


def test_explicit_iterations_and_statistics() -> None:
    times = iter((1.0, 2.0, 6.0))

    def run(iterations: int) -> Timing:
        seconds = next(times)
        return Timing(iterations, seconds, seconds)

    results = measure(Benchmark("BM_x", run, "s"), 0, Policy(iterations=1, repetitions=3))
    aggregates = {result.aggregate: result.real_time for result in results if result.aggregate}

    assert list(aggregates) == ["mean", "median", "stddev", "cv"]
    assert aggregates["mean"] == 3.0
    assert aggregates["median"] == 2.0
    assert aggregates["stddev"] == pytest.approx(7**0.5)
    assert aggregates["cv"] == pytest.approx(7**0.5 / 3)


def test_console_columns() -> None:
    benchmark = Benchmark("BM_run/process_time/real_time", lambda _: Timing(1, 1, 1))
    result = Result(benchmark, 0, 1, 0, 80, 0.357, 0.3561, 2797.85)
    report = new_report("console", name_width([benchmark.name], 1), {})

    assert report.add([result]) == (
        "BM_run/process_time/real_time      0.357 ms        0.356 ms           80 "
        "items_per_second=2.79785k/s\n"
    )


def test_items_per_second_in_a_column() -> None:
    benchmark = Benchmark("BM_run/process_time/real_time", lambda _: Timing(1, 1, 1))
    result = Result(benchmark, 0, 1, 0, 3, 0.027, 0.0271, 37110.3)
    report = new_report("console", name_width([benchmark.name], 1), {}, is_tabular=True)

    header = report.begin(describe_machine()).splitlines()[1]
    line = report.add([result])
    assert header.endswith("   Iterations items_per_second")
    assert line == (
        "BM_run/process_time/real_time      0.027 ms        0.027 ms            3       37.1103k/s\n"
    )
    assert len(line) == len(header) + 1


def test_warm_up_comes_before_a_number_of_iterations() -> None:
    asked: list[int] = []
    measure(_fixed(1.0, asked), 0, Policy(iterations=3, warmup_seconds=0.5))

    assert asked == [1, 3]


def test_console(module_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(module_path, "--benchmark_min_time=5x") == 0

    out, err = capsys.readouterr()
    bar, header, second_bar, line = out.splitlines()
    assert bar == second_bar == "-" * len(header)
    assert header.split() == ["Benchmark", "Time", "CPU", "Iterations", "UserCounters..."]
    assert re.fullmatch(
        r"BM_nothing/process_time/real_time +[\d.]+ ms +[\d.]+ ms +5 items_per_second=[\d.]+[kM]?/s", line
    )
    assert "Run on (" in err


def test_json(module_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.csv"
    flags = ["--function=twice", "--input=21", "--benchmark_min_time=4x", "--benchmark_repetitions=2"]
    flags += ["--benchmark_format=json", f"--benchmark_out={out}", "--benchmark_out_format=csv"]
    assert _run(module_path, *flags, "--benchmark_context=a=b", "--batch_size=3", "--time_unit=us") == 0

    report = json.loads(capsys.readouterr().out)
    assert list(report["context"].items())[-2:] == [("json_schema_version", 1), ("a", "b")]
    runs = report["benchmarks"]
    assert [run["name"].removeprefix("BM_twice/process_time/real_time") for run in runs] == [
        "", "", "_mean", "_median", "_stddev", "_cv",
    ]  # fmt: skip
    # Iterations are done in batches.
    assert [run["iterations"] for run in runs] == [6, 6, 2, 2, 2, 2]
    assert {run["time_unit"] for run in runs} == {"us"}
    lines = out.read_text().splitlines()
    assert lines[0].startswith("name,iterations,real_time,cpu_time,time_unit,")
    assert lines[1].startswith('"BM_twice/process_time/real_time",6,')


def test_results_are_checked(module_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--function=twice", "--input=21", "--benchmark_dry_run", "--enable_output_processing"]

    assert _run(module_path, *flags, "--expected_output=42") == 0
    assert "[SUCCESS]" in capsys.readouterr().out
    assert _run(module_path, *flags, "--expected_output=43") == 1


def test_choice(module_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(module_path, "--benchmark_list_tests") == 0
    assert capsys.readouterr().out == "BM_nothing/process_time/real_time\n"
    assert _run(module_path, "--benchmark_filter=-nothing") == 0
    assert "Failed to match any benchmarks against regex: -nothing" in capsys.readouterr().err
    assert _run(module_path, "--function=gone") == 1
    assert "no function `gone` exported by module" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flag",
    ["--benchmark_min_time=soon", "--benchmark_format=xml", "--benchmark_filter=(", "--batch_size=0"],
)
def test_wrong_flags(module_path: Path, flag: str) -> None:
    assert _run(module_path, flag) == 1


@pytest.mark.parametrize("inputs", [[], ["--input=4xf32=1"]])
def test_inputs_of_another_number_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], inputs: list[str]
) -> None:
    path = tmp_path / "add.vmfb"
    path.write_bytes(
        gossamer.compile_text(
            """
            func.func @add(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
              %0 = arith.addf %a, %b : tensor<4xf32>
              return %0 : tensor<4xf32>
            }"""
        )
    )

    code = iree_benchmark_module.main([f"--module={path}", "--device=local-sync", "--function=add", *inputs])

    assert code == 1
    assert f"expected 2 arguments but passed {len(inputs)}" in capsys.readouterr().err
