"""Modules of either compiler, in one program, in either runtime."""

import itertools
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gossamer
from mlir_samples import LLVM_CPU_FLAGS, VMVX_FLAGS

EXAMPLES = Path(__file__).parents[2] / "examples" / "multiple_modules"
TARGETS = {"vmvx": VMVX_FLAGS, "llvm-cpu": LLVM_CPU_FLAGS}
ASYNC = "--iree-execution-model=async-external"
COMPILERS = ("gossamer", "iree")
MODULES = ("module_a", "module_b", "pipeline")

pytestmark = pytest.mark.reference

Compile = Callable[[str, str, str, str], Path]


@pytest.fixture(scope="session")
def compile_example(reference_cache: Path, iree_bin: Path, gossamer_bin: Path) -> Compile:
    binaries = {"gossamer": gossamer_bin, "iree": iree_bin}

    def compile(compiler: str, source: str, model: str, target: str) -> Path:
        output = reference_cache / f"example-{source}-{model}-{target}-{compiler}.vmfb"
        if not output.exists():
            flags = [*TARGETS[target], *([ASYNC] if model == "async" else [])]
            partial = output.with_suffix(f".{os.getpid()}")
            command = [
                binaries[compiler] / "iree-compile",
                *flags,
                EXAMPLES / f"{source}.mlir",
                "-o",
                partial,
            ]
            completed = subprocess.run(command, capture_output=True, text=True)
            assert completed.returncode == 0, completed.stderr
            partial.replace(output)
        return output

    return compile


def run_in_iree(iree_bin: Path, device: str, modules: list[Path], *flags: str) -> str:
    command = [iree_bin / "iree-run-module", f"--device={device}", *(f"--module={path}" for path in modules)]
    completed = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=60)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


@pytest.mark.parametrize("compilers", list(itertools.product(COMPILERS, repeat=3)), ids="-".join)
@pytest.mark.parametrize("model", ["sync", "async"])
@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
@pytest.mark.parametrize("runtime", ["gossamer", "iree"])
def test_the_sample_runs_however_its_modules_were_compiled(
    compilers: tuple[str, ...],
    model: str,
    device: str,
    target: str,
    runtime: str,
    compile_example: Compile,
    iree_bin: Path,
    tmp_path: Path,
) -> None:
    sources = [f"pipeline_{model}" if module == "pipeline" else module for module in MODULES]
    paths = [
        compile_example(compiler, source, model, target)
        for compiler, source in zip(compilers, sources, strict=True)
    ]
    values = np.linspace(-3, 3, 4096, dtype=np.float32)

    if runtime == "iree":
        input_path, output = tmp_path / "input.npy", tmp_path / "output.npy"
        np.save(input_path, values)
        run_in_iree(
            iree_bin, device, paths, "--function=run", f"--input=@{input_path}", f"--output=@{output}"
        )
        result = np.load(output)
    else:
        with gossamer.Pipeline(paths, device=device) as pipeline:
            returned = pipeline.run(values)
            result = returned.result(60) if model == "async" else returned

    np.testing.assert_array_equal(result, np.abs(values) * np.abs(values))


COUNTER_CALLS = """
import sys, numpy as np, iree.runtime as rt
instance = rt.VmInstance()
device = rt.get_device(sys.argv[1])
modules = [rt.VmModule.mmap(instance, path) for path in sys.argv[2:]]
context = rt.VmContext(instance, [rt.create_hal_module(instance, device), *modules])
def call(module, name, *arguments):
    return rt.FunctionInvoker(context, device, module.lookup_function(name))(*arguments)
counter, monitor = modules
for step in range(1, 5):
    print(np.asarray(call(monitor, "mean", np.full(4, step, np.float32))).tolist(), call(counter, "count"))
call(counter, "reset")
print(np.asarray(call(monitor, "mean", np.full(4, 7, np.float32))).tolist(), call(counter, "count"))
"""

COUNTER_RESULTS = [([1.0] * 4, 1), ([1.5] * 4, 2), ([2.0] * 4, 3), ([2.5] * 4, 4), ([7.0] * 4, 1)]


@pytest.mark.parametrize("compilers", list(itertools.product(COMPILERS, repeat=2)), ids="-".join)
@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("device", ["local-sync", "local-task"])
@pytest.mark.parametrize("runtime", ["gossamer", "iree"])
def test_a_stateful_program_keeps_its_state_between_calls(
    compilers: tuple[str, ...],
    device: str,
    target: str,
    runtime: str,
    compile_example: Compile,
    iree_bin: Path,
) -> None:
    paths = [
        compile_example(compiler, source, "sync", target)
        for compiler, source in zip(compilers, ("counter", "monitor"), strict=True)
    ]

    if runtime == "iree":
        command = [iree_bin / "python", "-c", COUNTER_CALLS, device, *paths]
        completed = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert completed.returncode == 0, completed.stderr
        results = [_parse_line(line) for line in completed.stdout.splitlines()]
    else:
        with gossamer.Pipeline(paths, device=device) as pipeline:
            results = _call_counter(pipeline)

    assert results == COUNTER_RESULTS


def _parse_line(line: str) -> tuple[list[float], int]:
    values, count = line.rsplit(" ", 1)
    return [float(value) for value in values.strip("[]").split(",")], int(count)


def _call_counter(pipeline: gossamer.Pipeline) -> list[tuple[list[float], int]]:
    counter = pipeline.modules["counter"]
    results: list[tuple[list[float], int]] = []
    for step in (1, 2, 3, 4, None):
        if step is None:
            counter.reset()
        mean = pipeline.mean(np.full(4, 7 if step is None else step, np.float32))
        results.append((mean.tolist(), counter.count()))
    return results
