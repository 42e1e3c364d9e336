"""`benchmark_module`: `iree-benchmark-module` run from Python, as IREE's `benchmark` module spells it."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gossamer.runtime.iree_api.dtypes import DTYPE_TO_ABI_TYPE
from gossamer.runtime.iree_api.vm.module import VmModule

__all__ = ["benchmark_exe", "benchmark_module"]

_OWN_REPORT_FLAGS = ("benchmark_out", "benchmark_out_format")


class BenchmarkResult(NamedTuple):
    """One line of a report.

    Attributes:
        benchmark_name: what was run.
        time, cpu_time: number and unit of one iteration, such as `0.2 ms`; percentages as `3 %`.
        iterations: how often it ran.
        report: the line itself, as Google Benchmark's JSON has it.
    """

    benchmark_name: str
    time: str
    cpu_time: str
    iterations: str
    report: dict[str, Any]


class BenchmarkToolError(Exception):
    """The tool or a benchmark failed.

    Attributes:
        message: what the tool printed.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BenchmarkTimeoutError(Exception):
    """The benchmark took longer than it may."""


def benchmark_exe() -> str:
    """Path of this installation's `iree-benchmark-module`."""
    return os.path.join(sysconfig.get_path("scripts"), "iree-benchmark-module")


def benchmark_module(
    module: VmModule | os.PathLike[str],
    entry_function: str | None = None,
    inputs: Sequence[str | npt.NDArray[Any]] | None = None,
    timeout: float | None = None,
    executable: str | os.PathLike[str] | None = None,
    **kwargs: object,
) -> list[BenchmarkResult]:
    """Benchmark functions of a module in a process of its own.

    Args:
        module: a loaded module or the path of one.
        entry_function: which to run; by default the only one of a loaded module, or every one of a file that
            takes nothing.
        inputs: as `--input=` takes them, or arrays.
        timeout: in seconds.
        executable: the tool; by default `benchmark_exe()`.
        kwargs: more flags; a list gives one several times.
    Raises: BenchmarkToolError when the tool fails; BenchmarkTimeoutError after `timeout`; ValueError when
        `entry_function` is not there, or left out where it has to be given.
    """
    for flag in _OWN_REPORT_FLAGS:
        if flag in kwargs:
            raise ValueError(f"'{flag}' cannot be given: the results are read from such a file")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        flags = {**kwargs, "benchmark_out": report, "benchmark_out_format": "json"}
        arguments, flatbuffer = _build_benchmark_args(module, entry_function, inputs, executable, **flags)
        _run(arguments, flatbuffer, timeout)
        return _parse_report(report.read_text())


def _build_benchmark_args(
    module: VmModule | os.PathLike[str] | str,
    entry_function: str | None = None,
    inputs: Sequence[str | npt.NDArray[Any]] | None = None,
    executable: str | os.PathLike[str] | None = None,
    **kwargs: object,
) -> tuple[list[str], bytes | None]:
    """Command line, and the module for standard input where it is not a file."""
    flatbuffer: bytes | None = None
    if isinstance(module, VmModule):
        entry_function = _entry_function(module, entry_function)
        stashed: Any = module.stashed_flatbuffer_blob
        flatbuffer = None if stashed is None else bytes(stashed)
        path = "-"
    else:
        path = os.fspath(module)
    arguments = [os.fspath(executable) if executable is not None else benchmark_exe(), f"--module={path}"]
    if entry_function is not None:
        arguments.append(f"--function={entry_function}")
    arguments += _flags(kwargs)
    arguments += [f"--input={_input_text(value)}" for value in inputs or ()]
    return arguments, flatbuffer


def _entry_function(module: VmModule, name: str | None) -> str:
    names = [name for name in module.function_names if name != "__init"]
    if name is None:
        if len(names) != 1:
            raise ValueError(f"which function is to be benchmarked? The module has {names}")
        return names[0]
    if name not in names:
        raise ValueError(f"function '{name}' is not one of the module's: {names}")
    return name


def _flags(values: Mapping[str, object]) -> list[str]:
    flags: list[str] = []
    for name, given in values.items():
        for value in given if isinstance(given, (list, tuple)) else [given]:  # pyright: ignore[reportUnknownVariableType]
            text = str(value).lower() if isinstance(value, bool) else str(value)  # pyright: ignore[reportUnknownArgumentType]
            flags.append(f"--{name}={text}")
    return flags


def _input_text(value: str | npt.NDArray[Any]) -> str:
    if isinstance(value, str):
        return value
    elements = value.reshape(-1)
    same = bool(elements.size) and bool((elements == elements[0]).all())
    text = ",".join(str(element) for element in (elements[:1] if same else elements))
    kind = "x".join([*map(str, value.shape), DTYPE_TO_ABI_TYPE[np.dtype(value.dtype)]])
    return f"{kind}={text}" if text else kind


def _run(arguments: Sequence[str], flatbuffer: bytes | None, timeout: float | None) -> None:
    try:
        done = subprocess.run(arguments, input=flatbuffer, timeout=timeout, capture_output=True)
    except subprocess.TimeoutExpired:
        raise BenchmarkTimeoutError(f"the benchmark took more than {timeout} s") from None
    if done.returncode:
        output = [stream.decode(errors="replace") for stream in (done.stderr, done.stdout)]
        raise BenchmarkToolError("stderr:\n{}\nstdout:\n{}".format(*output))


def _parse_report(text: str) -> list[BenchmarkResult]:
    # Spec: Google Benchmark leaves the file empty where no benchmark matches.
    lines: list[dict[str, Any]] = json.loads(text)["benchmarks"] if text.strip() else []
    return [_result(line) for line in lines]


def _result(line: dict[str, Any]) -> BenchmarkResult:
    if line.get("error_occurred"):
        raise BenchmarkToolError(f"{line['name']}: {line['error_message']}")
    is_percentage = line.get("aggregate_unit") == "percentage"
    unit, factor = ("%", 100) if is_percentage else (line["time_unit"], 1)
    times = [f"{line[key] * factor} {unit}" for key in ("real_time", "cpu_time")]
    return BenchmarkResult(line["name"], times[0], times[1], str(line["iterations"]), line)
