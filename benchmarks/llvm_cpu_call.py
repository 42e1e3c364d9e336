"""One call of the three-module sample compiled for llvm-cpu, from Python: ours against IREE's binding.

Usage: python benchmarks/llvm_cpu_call.py [--profile] [elements]

All sides run the same three files, compiled by IREE, on local-sync, and do the same in each call: a NumPy
array goes in, `run` is called, and the result is a NumPy array again. Each side is a process of its own; they
take turns, and medians and minima of the rounds are printed. `--profile` prints where the microseconds of one
call of ours go.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from rounds import REFERENCE, REPOSITORY, TARGET, real_time_prefix

EXAMPLES = REPOSITORY / "examples" / "multiple_modules"
MODULES = ("module_a", "module_b", "pipeline_sync")
SIDES = ("iree.runtime", "gossamer.runtime", "gossamer.Pipeline")
ROUNDS = 21
CALLS = 1000


def compile_sample(elements: int, folder: Path) -> None:
    for name in MODULES:
        source = folder / f"{name}.mlir"
        source.write_text((EXAMPLES / f"{name}.mlir").read_text().replace("4096xf32", f"{elements}xf32"))
        command = [REFERENCE / "iree-compile", *TARGET, source, "-o", source.with_suffix(".vmfb")]
        subprocess.run(command, check=True)


def make_call(side: str, folder: Path, array: Any) -> Callable[[], Any]:
    """One call as users of an API make it."""
    paths = [str(folder / f"{name}.vmfb") for name in MODULES]
    if side == "gossamer.Pipeline":
        import gossamer

        run = gossamer.Pipeline(paths, device="local-sync").run
        return lambda: run(array)
    if side == "iree.runtime":
        import iree.runtime as runtime  # pyright: ignore[reportMissingImports]
    else:
        import gossamer.runtime as runtime
    config: Any = runtime.Config(device=runtime.get_device("local-sync"))
    modules: Any = [runtime.VmModule.mmap(config.vm_instance, path) for path in paths]
    invoker: Any = runtime.load_vm_modules(*modules, config=config)[-1].run
    return lambda: invoker(array).to_host()


def serve(side: str, folder: Path, elements: int) -> None:
    """Measure a round for each line of standard input; print microseconds of one call."""
    array = np.full(elements, -2.0, np.float32)
    call = make_call(side, folder, array)
    np.testing.assert_array_equal(call(), 4.0)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        print((time.perf_counter() - start) / CALLS * 1e6, flush=True)


def start(side: str, folder: Path, elements: int) -> subprocess.Popen[str]:
    python = REFERENCE / "python" if side == "iree.runtime" else Path(sys.executable)
    command = [*real_time_prefix(), python, __file__, "--serve", side, folder, elements]
    process = subprocess.Popen(
        [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert _stream(process.stdout).readline() == "ready\n"
    return process


def round_of(process: subprocess.Popen[str]) -> float:
    requests = _stream(process.stdin)
    requests.write("\n")
    requests.flush()
    return float(_stream(process.stdout).readline())


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def compare(folder: Path, elements: int) -> None:
    processes = {side: start(side, folder, elements) for side in SIDES}
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(ROUNDS):
        for side, process in processes.items():
            times[side].append(round_of(process))
    for process in processes.values():
        _stream(process.stdin).close()
        process.wait()
    reference = times["iree.runtime"]
    print(f"{elements} elements, one call, microseconds, {ROUNDS} rounds of {CALLS} calls; ratio to IREE")
    for side, rows in times.items():
        ratios = [ours / theirs for ours, theirs in zip(rows, reference, strict=True)]
        print(
            f"  {side:18} median {statistics.median(rows):7.1f}  min {min(rows):7.1f}  "
            f"ratio {statistics.median(ratios):5.2f} (of minima {min(rows) / min(reference):5.2f})"
        )


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--serve"]:
        serve(arguments[1], Path(arguments[2]), int(arguments[3]))
        return
    profiles = "--profile" in arguments
    elements = int(next((text for text in arguments if text.isdecimal()), "4096"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        compile_sample(elements, folder)
        if profiles:
            script = Path(__file__).with_name("llvm_cpu_call_profile.py")
            paths = [folder / f"{name}.vmfb" for name in MODULES]
            command = [*real_time_prefix(), sys.executable, script, *paths, elements]
            subprocess.run([str(part) for part in command], check=True)
        else:
            compare(folder, elements)


if __name__ == "__main__":
    main()
