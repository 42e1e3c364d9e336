"""Whole processes: compiling one module, and importing the runtime.

Usage: python benchmarks/start_up.py

`iree-compile module_a.mlir`, ours against IREE's, in turn; and `import gossamer.runtime`. Medians, wall time.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCE = REPOSITORY / "examples" / "multiple_modules" / "module_a.mlir"
TARGET = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=vmvx"]
ROUNDS = 9


def wall_seconds(command: list[object]) -> float:
    start = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True)
    return time.perf_counter() - start


def main() -> None:
    folders = {"gossamer": Path(sys.executable).parent, "iree": REPOSITORY / ".venv-iree" / "bin"}
    times: dict[str, list[float]] = {"gossamer": [], "iree": [], "import": []}
    with tempfile.TemporaryDirectory() as scratch:
        for round_number in range(ROUNDS + 1):
            for name, folder in folders.items():
                output = Path(scratch) / f"{name}.vmfb"
                seconds = wall_seconds([folder / "iree-compile", *TARGET, SOURCE, "-o", output])
                if round_number:
                    times[name].append(seconds)
            seconds = wall_seconds([sys.executable, "-c", "import gossamer.runtime"])
            if round_number:
                times["import"].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"iree-compile module_a.mlir, wall, median of {ROUNDS}")
    print(f"  gossamer {medians['gossamer']:.3f} s   iree {medians['iree']:.3f} s   ", end="")
    print(f"ratio {medians['gossamer'] / medians['iree']:.2f}")
    print(f"python -c 'import gossamer.runtime': {medians['import']:.3f} s")


if __name__ == "__main__":
    main()
