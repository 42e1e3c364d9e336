"""A transformer encoder and a convolutional net exported from JAX and compiled by IREE: ours against IREE's.

Usage: python benchmarks/jax_models.py

Exporting needs the dependency group `benchmark`, in this environment, in `.venv-benchmark` (`make
benchmark-environment`) or in that of `$BENCHMARK_PYTHON`. What is exported and compiled stays in the system's
folder for temporary files. Outputs must be equal, bit by bit. Processes get real-time priority where that is
allowed: then the rest of the machine does not count.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from rounds import CONFIGURATIONS, REFERENCE, REPOSITORY, TARGET, Call, measure, print_rows, real_time_prefix

import gossamer

EXPORT = REPOSITORY / "benchmarks" / "jax_export.py"
MODELS = ("transformer_encoder", "convolutional_net")
ROUNDS, CALLS = 9, 20
TOLERANCE = 1e-4


def python_with_jax() -> Path:
    chosen = os.environ.get("BENCHMARK_PYTHON")
    own = REPOSITORY / ".venv-benchmark" / "bin" / "python"
    if chosen or own.exists():
        return Path(chosen or own)
    if find_spec("jax") is None:
        sys.exit("exporting the models needs JAX: run `make benchmark-environment`")
    return Path(sys.executable)


def compiled_models() -> Path:
    """Folder of the models, exported and compiled unless they are there."""
    key = hashlib.sha256(EXPORT.read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"gossamer-benchmark-{key}"
    if not (folder / "done").exists():
        subprocess.run([python_with_jax(), EXPORT, folder], check=True)
        for name in MODELS:
            source, output = folder / f"{name}.mlir", folder / f"{name}.vmfb"
            command = [REFERENCE / "iree-compile", "--iree-input-type=stablehlo", *TARGET, source]
            subprocess.run([*command, "-o", output], check=True)
        (folder / "done").touch()
    return folder


def check_outputs(folder: Path, name: str, call: Call) -> None:
    output = folder / f"{name}.output.npy"
    flags = [f"--module={call.module}", f"--function={call.function}", *call.input_flags]
    command = [REFERENCE / "iree-run-module", "--device=local-sync", *flags, f"--output=@{output}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    reference = np.load(output)
    np.testing.assert_allclose(reference, np.load(folder / f"{name}.expected.npy"), atol=TOLERANCE)
    for device, workers in CONFIGURATIONS:
        uri = f"{device}://?workers={workers}" if workers else device
        (program,) = gossamer.Pipeline([call.module], device=uri).modules.values()
        for _ in range(3):
            result = program[call.function](np.load(call.arguments[0]))
            np.testing.assert_array_equal(np.asarray(result), reference)


def main() -> None:
    folder = compiled_models()
    prefix = real_time_prefix()
    print(
        f"medians of {ROUNDS} interleaved rounds of {CALLS} calls{', real-time priority' if prefix else ''}"
    )
    for name in MODELS:
        argument = folder / f"{name}.argument.npy"
        call = Call(folder / f"{name}.vmfb", "main", (argument,), (f"--input=@{argument}",))
        check_outputs(folder, name, call)
        for device, workers in CONFIGURATIONS:
            times = measure(call, device, workers, rounds=ROUNDS, count=CALLS, prefix=prefix)
            print_rows(f"{name}, {device}{f', {workers} workers' if workers else ''}", times)


if __name__ == "__main__":
    main()
