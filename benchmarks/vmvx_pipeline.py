"""One call of the three-module sample on VMVX: ours against IREE's, in one run.

Usage: python benchmarks/vmvx_pipeline.py [elements ...]

Each side runs the same three files, compiled by IREE, so that only the runtimes differ; a further row runs
the files that our compiler makes. IREE is measured by its own `iree-benchmark-module`, which calls from C;
ours from Python, arguments ready on the device as they are there. Medians of interleaved rounds.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import gossamer
from gossamer.hal.memory.buffer_view import BufferView

REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLES = REPOSITORY / "examples" / "multiple_modules"
REFERENCE = REPOSITORY / ".venv-iree" / "bin"
OURS = Path(sys.executable).parent
TARGET = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx"]
ROUNDS = 7


def compile_sample(binaries: Path, elements: int, folder: Path) -> list[Path]:
    outputs: list[Path] = []
    for name in ("module_a", "module_b", "pipeline_sync"):
        source = folder / f"{name}.mlir"
        source.write_text((EXAMPLES / f"{name}.mlir").read_text().replace("4096xf32", f"{elements}xf32"))
        outputs.append(folder / f"{name}.vmfb")
        subprocess.run([binaries / "iree-compile", *TARGET, source, "-o", outputs[-1]], check=True)
    return outputs


def time_reference(paths: list[Path], elements: int) -> float:
    """Microseconds of one call, by IREE's own benchmark tool."""
    command = [
        REFERENCE / "iree-benchmark-module",
        "--device=local-sync",
        *(f"--module={path}" for path in paths),
        "--function=run",
        f"--input={elements}xf32=-2.0",
        "--benchmark_format=json",
        "--benchmark_min_time=0.3s",
    ]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    (benchmark,) = report["benchmarks"]
    return benchmark["real_time"] * {"ns": 1e-3, "us": 1, "ms": 1e3}[benchmark["time_unit"]]


def make_call(paths: list[Path], elements: int) -> Callable[[], object]:
    pipeline = gossamer.Pipeline(paths, device="local-sync")
    argument = BufferView.from_numpy(
        np.full(elements, -2.0, np.float32), pipeline.devices[0].allocator, copy=True
    )
    run = pipeline.run.function.callable
    np.testing.assert_array_equal(run(argument).to_numpy(), 4.0)
    return lambda: run(argument)


def time_ours(call: Callable[[], object]) -> float:
    """Microseconds of one call."""
    count, elapsed = 1, 0.0
    while elapsed < 0.3:
        start = time.perf_counter()
        for _ in range(count):
            call()
        elapsed = time.perf_counter() - start
        if elapsed < 0.3:
            count = max(count * 2, int(count * 0.35 / max(elapsed, 1e-6)))
    return elapsed / count * 1e6


def main() -> None:
    for elements in [int(text) for text in sys.argv[1:]] or [4096, 1 << 20]:
        with tempfile.TemporaryDirectory() as scratch:
            folders = {name: Path(scratch) / name for name in ("iree", "gossamer")}
            for folder in folders.values():
                folder.mkdir()
            reference = compile_sample(REFERENCE, elements, folders["iree"])
            own = compile_sample(OURS, elements, folders["gossamer"])
            same_files, own_files = make_call(reference, elements), make_call(own, elements)
            rows: dict[str, list[float]] = {"iree": [], "same files": [], "own files": []}
            for _ in range(ROUNDS):
                rows["iree"].append(time_reference(reference, elements))
                rows["same files"].append(time_ours(same_files))
                rows["own files"].append(time_ours(own_files))
        medians = {name: statistics.median(times) for name, times in rows.items()}
        print(f"{elements} elements, one call, microseconds, median of {ROUNDS} (min .. max)")
        for name, times in rows.items():
            ratio = medians["iree"] / medians[name]
            print(f"  {name:10} {medians[name]:10.1f} ({min(times):.1f} .. {max(times):.1f})  {ratio:6.1f}x")


if __name__ == "__main__":
    main()
