"""The same call of a compiled module by IREE and by us, in interleaved rounds.

IREE is measured by its `iree-benchmark-module`, which calls from C, and through its Python binding; ours by
the bound function, whose arguments are ready as those of the tool are, and by the pipeline's function, which
converts arguments and results as the binding does.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from serve_calls import CallServer

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / ".venv-iree" / "bin"
TARGET = [
    "--iree-hal-target-device=local",
    "--iree-hal-local-target-device-backends=llvm-cpu",
    "--iree-llvmcpu-target-cpu=host",
]
CONFIGURATIONS = (("local-sync", 0), ("local-task", 1), ("local-task", 2))
REAL_TIME = ["chrt", "--rr", "10"]


@dataclass(frozen=True)
class Call:
    """A function of a module, and files of its arguments.

    Attributes:
        input_flags: the arguments for IREE's tools.
    """

    module: Path
    function: str
    arguments: tuple[Path, ...]
    input_flags: tuple[str, ...]


def real_time_prefix() -> list[str]:
    """What starts a process that others of this machine do not interrupt, where that is allowed."""
    if shutil.which("chrt") and subprocess.run([*REAL_TIME, "true"], capture_output=True).returncode == 0:
        return REAL_TIME
    return []


def tool_microseconds(call: Call, device: str, workers: int, count: int, prefix: list[str]) -> list[float]:
    """How long each of a number of calls takes by IREE's tool."""
    command = [
        *prefix,
        REFERENCE / "iree-benchmark-module",
        f"--device={device}",
        *([f"--task_topology_group_count={workers}"] if workers else []),
        f"--module={call.module}",
        f"--function={call.function}",
        *call.input_flags,
        f"--benchmark_repetitions={count}",
        "--benchmark_min_time=1x",
        "--benchmark_format=json",
    ]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    runs = [each for each in report["benchmarks"] if each["run_type"] == "iteration"]
    return [each["real_time"] * {"ns": 1e-3, "us": 1, "ms": 1e3}[each["time_unit"]] for each in runs]


def measure(
    call: Call, device: str, workers: int, *, rounds: int, count: int, prefix: list[str]
) -> dict[str, list[float]]:
    """Microseconds of calls by way of calling; the first calls of each process are left out."""
    where = (call.module, call.function, device, workers, *call.arguments)
    servers = {
        "iree python": CallServer(prefix, REFERENCE / "python", "iree", *where),
        "gossamer bound": CallServer(prefix, sys.executable, "gossamer-bound", *where),
        "gossamer": CallServer(prefix, sys.executable, "gossamer", *where),
    }
    times: dict[str, list[float]] = {name: [] for name in ("iree tool", *servers)}
    for server in servers.values():
        server.microseconds(count)
    for _ in range(rounds):
        times["iree tool"] += tool_microseconds(call, device, workers, 2 * count, prefix)[count:]
        for name, server in servers.items():
            times[name] += server.microseconds(count)
    for server in servers.values():
        server.close()
    return times


def print_rows(title: str, times: dict[str, list[float]]) -> None:
    """Medians and least times, and what ours are of IREE's."""
    medians = {name: statistics.median(values) for name, values in times.items()}
    least = {name: min(values) for name, values in times.items()}
    print(title)
    for name in times:
        print(f"  {name:14} {medians[name]:9.1f} us, least {least[name]:9.1f}")
    for ours, theirs in (("gossamer bound", "iree tool"), ("gossamer", "iree python")):
        ratio, least_ratio = medians[ours] / medians[theirs], least[ours] / least[theirs]
        print(f"  {ours} / {theirs}: {ratio:.3f} (of the least times {least_ratio:.3f})", flush=True)
