"""Runs the tests of operators that ONNX ships: `python check_onnx.py [--target=TARGET] [NAME...]`.

Each is a model of one operator with arguments and expected results. Prints every one that is wrong, or
refused with its reason, then how often each reason occurs, and counts. TARGET is llvm-cpu, vmvx, or iree:
then IREE of `.venv-iree` imports and compiles for llvm-cpu, and our runtime runs it. NAME is a test or the
start of its name, such as `test_resize`. The exit code is 1 where one is wrong.

Tests run in another process, which is started anew after one that took too long or ended it.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.runner import Runner

import gossamer
from gossamer.compiler.options import CompileOptions
from gossamer.errors import InvalidArgumentError

REPOSITORY = Path(__file__).resolve().parents[2]

_LONGEST_SECONDS = 40
_LONGEST_REASON = 300
_RANDOM = ("Bernoulli", "RandomUniformLike")
"""Operators whose results are ones and zeros by chance."""
_VERDICTS = ("right", "wrong", "refused")

PROCESSES = multiprocessing.get_context("fork")
"""Why forked: collecting the tests takes seconds."""

Compile = Callable[[onnx.ModelProto], bytes]


def compiler(target: str) -> Compile:
    """What compiles models for a target."""
    if target == "iree":
        return _compile_with_iree
    options = CompileOptions(target_device="local", target_backends=(target,), type_conversions=frozenset())
    return lambda model: gossamer.compile(model, options=options)


def _compile_with_iree(model: onnx.ModelProto) -> bytes:
    (packages,) = (REPOSITORY / ".venv-iree" / "lib").glob("python*/site-packages")
    if str(packages) not in sys.path:
        sys.path.append(str(packages))
    # Why here: only this target needs IREE.
    from iree.compiler.tools.import_onnx.__main__ import main as import_model
    from iree.compiler.tools.import_onnx.__main__ import parse_arguments

    with tempfile.TemporaryDirectory() as folder:
        path, text = Path(folder, "model.onnx"), Path(folder, "model.mlir")
        path.write_bytes(model.SerializeToString())
        import_model(parse_arguments([str(path), "-o", str(text)]))
        command = [
            str(REPOSITORY / ".venv-iree" / "bin" / "iree-compile"),
            str(text),
            "--iree-hal-target-device=local",
            "--iree-hal-local-target-device-backends=llvm-cpu",
            "--iree-llvmcpu-target-cpu=host",
            "--iree-input-demote-f64-to-f32=false",
        ]
        done = subprocess.run(command, capture_output=True)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").splitlines()
        raise ValueError(
            next((line for line in lines if "error:" in line), lines[-1] if lines else "no output")
        )
    return done.stdout


def check(case: Any, compile: Compile, target: str = "") -> tuple[str, str]:
    """A verdict, which is "right", "wrong" or "refused", and the reason."""
    sets = [([*map(as_array, inputs)], [*map(as_array, expected)]) for inputs, expected in case.data_sets]
    arrays = [array for inputs, expected in sets for array in (*inputs, *expected)]
    if any(array is None for array in arrays):
        return "refused", "arguments or results that are no tensors"
    if any(array.dtype.kind in "OUS" for array in arrays):
        return "refused", "strings"
    try:
        module = compile(case.model)
    except Exception as error:
        return "refused", first_line(error)
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        entry = next(iter(pipeline.main.values()))
        for inputs, expected in sets:
            try:
                results = entry(*inputs)
            except InvalidArgumentError as error:
                if "no element type holds" in str(error):
                    return "refused", "arguments of a type that NumPy's buffers do not pack"
                return "wrong", _said(error)
            except Exception as error:
                return "wrong", _said(error)
            found = [
                np.asarray(leaf) for leaf in (results if isinstance(results, (tuple, list)) else [results])
            ]
            if target == "iree":
                # Why: what IREE's importer makes of unsigned types has no sign, and is right by its bits.
                found = [_as_type(each, wanted) for each, wanted in zip(found, expected, strict=True)]
            try:
                if any(node.op_type in _RANDOM for node in case.model.graph.node):
                    found = [
                        np.where(np.isin(each, (0, 1)), wanted, each)
                        for each, wanted in zip(found, expected, strict=True)
                    ]
                Runner.assert_similar_outputs(expected, found, case.rtol, case.atol)
            except AssertionError as error:
                return "wrong", _said(error)
    return "right", ""


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _as_type(found: Any, wanted: Any) -> Any:
    is_other_sign = found.dtype != wanted.dtype and found.dtype.itemsize == wanted.dtype.itemsize
    return found.view(wanted.dtype) if is_other_sign and wanted.dtype.kind == "u" else found


def as_array(value: Any) -> Any:
    """A tensor as an array; None for a sequence, or nothing."""
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(value) if isinstance(value, (np.ndarray, np.generic)) else None


def first_line(error: Exception) -> str:
    text = str(error)
    operator = re.search(r'failed to legalize operation .*name = "onnx\.(\w+)"|ONNX\'s (\w+) cannot be', text)
    if operator:
        return f"no lowering of onnx.{operator[1] or operator[2]}"
    torch = re.search(r"'(torch\.[\w.]+)'", text)
    if torch:
        return f"no lowering of {torch[1]}"
    return (text.partition("\n")[0]).removeprefix("error: ") or type(error).__name__


def collect() -> dict[str, Any]:
    """Tests by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {case.name: case for case in collect_testcases(None)}


def work(target: str, cases: dict[str, Any], pipe: Connection) -> None:
    """Check the tests whose names come in, and answer each by its verdict and reason."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    compile = compiler(target)
    while True:
        verdict, reason = check(cases[pipe.recv()], compile, target)
        pipe.send((verdict, " ".join(reason.split())[:_LONGEST_REASON]))


def verdicts(cases: dict[str, Any], target: str) -> Iterator[tuple[str, str, str]]:
    """Name, verdict and reason of each test."""
    worker = None
    for name in cases:
        if worker is None:
            pipe, inner = PROCESSES.Pipe()
            worker = PROCESSES.Process(target=work, args=(target, cases, inner), daemon=True)
            worker.start()
            inner.close()
        pipe.send(name)
        if pipe.poll(_LONGEST_SECONDS):
            try:
                yield (name, *pipe.recv())
                continue
            except EOFError:
                worker.join()
                yield name, "refused", f"the compiler ended with {worker.exitcode}"
        else:
            yield name, "refused", f"more than {_LONGEST_SECONDS} s"
        worker.kill()
        worker = None


def main() -> int:
    flags = [word for word in sys.argv[1:] if word.startswith("-")]
    starts = tuple(word for word in sys.argv[1:] if not word.startswith("-"))
    target = next((flag.partition("=")[2] for flag in flags if flag.startswith("--target=")), "llvm-cpu")
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    cases = {name: case for name, case in collect().items() if name.startswith(starts or "")}
    for name, verdict, reason in verdicts(cases, target):
        counts[verdict] += 1
        if reason:
            print(f"{verdict:8} {name}: {reason}", flush=True)
        if verdict == "refused":
            reasons[reason] += 1
    for reason, count in reasons.most_common(40):
        print(f"{count:5} {reason}")
    print(f"{target}: {counts.total()} tests, " + ", ".join(f"{counts[v]} {v}" for v in _VERDICTS))
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
