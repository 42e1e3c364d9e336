"""Loading a module with 56 MiB of weights as constants: time and memory, ours against IREE's binding.

Usage: python benchmarks/load_large_module.py [llvm-cpu|vmvx ...]

Both sides map the file into memory, make a context on a device that is there already, which runs the module's
initialiser, and call it once. Each load is in a process of its own that has loaded and called another module
of its kind before; processes of the sides take turns. Memory is what `/proc/self/smaps_rollup` shows more
than before the load: all that is resident, and what no file is behind, after the load and after the call.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rounds import REFERENCE, REPOSITORY, TARGET, real_time_prefix

SIDES = ("iree.runtime", "gossamer.runtime", "gossamer.Pipeline")
ROUNDS = 11
SIZES = (1024, 2048, 1024, 2048, 1024, 2048, 1024, 2048)
"""Length of the activations of each layer; a layer's weights are a matrix of two of them."""

LAYER = """
  %w{i} = arith.constant dense_resource<w{i}> : tensor<{rows}x{columns}xf32>
  %e{i} = tensor.empty() : tensor<1x{columns}xf32>
  %z{i} = linalg.fill ins(%zero : f32) outs(%e{i} : tensor<1x{columns}xf32>) -> tensor<1x{columns}xf32>
  %v{j} = linalg.matmul ins(%v{i}, %w{i} : tensor<1x{rows}xf32>, tensor<{rows}x{columns}xf32>)
      outs(%z{i} : tensor<1x{columns}xf32>) -> tensor<1x{columns}xf32>"""


def write_source(path: Path) -> None:
    generator = np.random.default_rng(0)
    layers: list[str] = []
    resources: list[str] = []
    for index, (rows, columns) in enumerate(pairwise(SIZES)):
        weights = generator.standard_normal((rows, columns), dtype=np.float32) / 32
        layers.append(LAYER.format(i=index, j=index + 1, rows=rows, columns=columns))
        resources.append(f'w{index}: "0x04000000{weights.tobytes().hex()}"')
    path.write_text(
        f"func.func @run(%v0: tensor<1x{SIZES[0]}xf32>) -> tensor<1x{SIZES[-1]}xf32> {{\n"
        f"  %zero = arith.constant 0.0 : f32{''.join(layers)}\n"
        f"  return %v{len(layers)} : tensor<1x{SIZES[-1]}xf32>\n}}\n"
        f"{{-# dialect_resources: {{ builtin: {{ {', '.join(resources)} }} }} #-}}\n"
    )


def compile_module(source: Path, output: Path, backend: str) -> None:
    target = [flag.replace("llvm-cpu", backend) for flag in TARGET]
    # Why: packed at start, the weights would be copied by the program itself.
    command = [REFERENCE / "iree-compile", *target, "--iree-opt-data-tiling=false", source, "-o", output]
    subprocess.run(command, check=True)


def memory_kilobytes() -> dict[str, int]:
    fields: dict[str, int] = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        name, size, *_ = line.split()
        fields[name.rstrip(":")] = int(size)
    return {"resident": fields["Rss"], "anonymous": fields["Anonymous"]}


def load(side: str, path: str) -> Any:
    """Function `run` or `abs` of a file."""
    if side == "gossamer.Pipeline":
        import gossamer

        return gossamer.Pipeline([path], device="local-sync").main
    if side == "iree.runtime":
        import iree.runtime as runtime  # pyright: ignore[reportMissingImports]
    else:
        import gossamer.runtime as runtime
    config: Any = runtime.Config(device=runtime.get_device("local-sync"))
    return runtime.load_vm_module(runtime.VmModule.mmap(config.vm_instance, path), config=config)


def measure(side: str, warm: str, path: str) -> None:
    """Load once; print what it took as JSON."""
    np.asarray(load(side, warm).abs(np.ones(4096, np.float32)))
    argument = np.ones((1, SIZES[0]), np.float32)
    before = memory_kilobytes()
    # Why: else it is chance which of the loads the next pass of the collector falls into.
    gc.collect()
    start = time.perf_counter()
    module = load(side, path)
    loaded = time.perf_counter()
    after_load = memory_kilobytes()
    called = time.perf_counter()
    checksum = float(np.abs(np.asarray(module.run(argument))).sum())
    done = time.perf_counter()
    after_call = memory_kilobytes()
    gc.collect()
    again = time.perf_counter()
    second = load(side, path)
    report = {
        "load ms": (loaded - start) * 1e3,
        "second load ms": (time.perf_counter() - again) * 1e3,
        "first call ms": (done - called) * 1e3,
        "checksum": checksum,
    }
    del second
    for name, amount in before.items():
        report[f"{name} after load MiB"] = (after_load[name] - amount) / 1024
        report[f"{name} after call MiB"] = (after_call[name] - amount) / 1024
    print(json.dumps(report))


def compare(backend: str, path: Path, warm: Path) -> None:
    reports: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(ROUNDS):
        for side in SIDES:
            python = REFERENCE / "python" if side == "iree.runtime" else Path(sys.executable)
            command = [*real_time_prefix(), python, __file__, "--measure", side, warm, path]
            run = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
            reports[side].append(json.loads(run.stdout))
    size = path.stat().st_size / 2**20
    print(f"{backend}, file of {size:.1f} MiB, medians of {ROUNDS} (least); ratio to IREE")
    for name in reports["iree.runtime"][0]:
        cells: list[str] = []
        reference = statistics.median(each[name] for each in reports["iree.runtime"])
        for side in SIDES:
            values = [each[name] for each in reports[side]]
            median = statistics.median(values)
            ratio = f" {median / reference:5.2f}x" if side != "iree.runtime" and reference > 0.1 else ""
            cells.append(f"{side} {median:9.2f} ({min(values):.2f}){ratio}")
        print(f"  {name:26} {'   '.join(cells)}")


def main() -> None:
    if sys.argv[1:2] == ["--measure"]:
        measure(*sys.argv[2:])
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source, small = folder / "large.mlir", REPOSITORY / "examples" / "multiple_modules" / "module_a.mlir"
        write_source(source)
        for backend in sys.argv[1:] or ("llvm-cpu", "vmvx"):
            path, warm = folder / f"{backend}.vmfb", folder / f"warm-{backend}.vmfb"
            compile_module(small, warm, backend)
            compile_module(source, path, backend)
            compare(backend, path, warm)


if __name__ == "__main__":
    main()
