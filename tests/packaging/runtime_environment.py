"""Checks an environment that `pip install gossamer` made, without the compiler.

    python tests/packaging/runtime_environment.py .venv-runtime

The Python that runs this has the compiler. Ends with 1 where the environment has more than 260 MB, where
importing the runtime takes more than 0.25 s, or where a pipeline, a command or the advice about the missing
compiler fails.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from gossamer import compile_text

LARGEST_BYTES = 260 * 10**6
LONGEST_SECONDS = 0.25
REPETITIONS = 9

# What every environment has from the start.
PACKAGES_OF_PYTHON = ("pip", "setuptools", "pkg_resources", "_distutils_hack")

PROGRAM = """
builtin.module @m {
  func.func @double(%x: tensor<?xf32>) -> tensor<?xf32> {
    %0 = arith.addf %x, %x : tensor<?xf32>
    return %0 : tensor<?xf32>
  }
}
"""

MEASURE_IMPORT = """
import time
start = time.perf_counter()
import gossamer.runtime
gossamer.Pipeline
print(time.perf_counter() - start)
"""

RUN_PIPELINE = """
import numpy as np, gossamer, sys
pipeline = gossamer.Pipeline([sys.argv[1]], device="local-sync")
assert list(pipeline.double(np.array([1, 2], np.float32))) == [2, 4]
"""


def main(environment: Path) -> int:
    """Run all checks. Returns: the exit code."""
    python = environment / "bin" / "python"
    failures: list[str] = []

    size = installed_bytes(environment)
    print(f"installed: {size / 1e6:.0f} MB (at most {LARGEST_BYTES / 1e6:.0f})")
    if size > LARGEST_BYTES:
        failures.append("too large")

    seconds = min(float(output(python, "-c", MEASURE_IMPORT)) for _ in range(REPETITIONS))
    print(f"import: {seconds:.3f} s (at most {LONGEST_SECONDS})")
    if seconds > LONGEST_SECONDS:
        failures.append("slow to import")

    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder) / "m.vmfb"
        module.write_bytes(compile_text(PROGRAM))
        source = Path(folder) / "m.mlir"
        source.write_text(PROGRAM)
        output(python, "-c", RUN_PIPELINE, str(module))
        command = environment / "bin" / "iree-run-module"
        shown = output(command, f"--module={module}", "--function=double", "--input=2xf32=1 2")
        if "2xf32=2 4" not in shown:
            failures.append(f"iree-run-module printed {shown!r}")
        compiling = subprocess.run(
            [environment / "bin" / "iree-compile", source], capture_output=True, text=True
        )
        print(compiling.stderr.strip())
        if compiling.returncode != 1 or "pip install 'gossamer[compiler]'" not in compiling.stderr:
            failures.append("iree-compile does not say what to install")

    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


def installed_bytes(environment: Path) -> int:
    """Bytes of files that installing added, those that Python compiles from them left out."""
    (packages,) = (environment / "lib").glob("python*/site-packages")
    return sum(
        path.lstat().st_size
        for package in packages.iterdir()
        if not package.name.startswith(PACKAGES_OF_PYTHON)
        for path in ([package] if package.is_file() else package.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    )


def output(*command: str | Path) -> str:
    """What a command prints. Raises: CalledProcessError where it fails."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
