"""Compiles ONNX models that wheels ship: `python check_onnx_wheels.py FOLDER [--target=TARGET] [NAME...]`.

FOLDER holds wheels, such as `pip download --no-deps magika silero-vad nudenet rapidocr ddddocr` leaves there.
Each model that `wheel_models` has arguments for is compiled, called, and compared with onnxruntime. Prints a
line each: verdict, seconds to compile, largest difference relative to the largest number of a result, reason.
TARGET is llvm-cpu, vmvx or iree, as for `check_onnx.py`; NAME is the start of a model's name. The exit code
is 1 where one is wrong.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from check_onnx import PROCESSES, compiler, first_line
from wheel_models import Arguments, Array, WheelModel, wheel_models

import gossamer

_LONGEST_SECONDS = 300
_TOLERANCE = 2e-3
"""Differences relative to the largest number of a result. Sums of thousands of products differ by 1e-5."""
_TOLERANCE_OF_HALVES = 5e-3
"""The same for models with weights in half precision."""
_TOLERANCE_OF_BYTES = 5e-2
"""The same where tensors are rounded to 8 bits on the way: what lies between two steps may go either way."""
_LEAST_SCALE = 1e-3
"""Results that are smaller throughout, as probabilities where nothing is found, are compared less closely."""


def check(model: WheelModel, target: str) -> tuple[str, float, str]:
    """Verdict ("right", "wrong" or "refused"), seconds to compile, and what there is to say."""
    parsed = onnx.load_model_from_string(model.data())
    start = time.perf_counter()
    try:
        module = compiler(target)(parsed)
    except Exception as error:
        return "refused", time.perf_counter() - start, first_line(error)
    seconds = time.perf_counter() - start
    session = onnxruntime.InferenceSession(model.data())
    names = [each.name for each in session.get_inputs()]
    difference = 0.0
    with gossamer.Pipeline([module], device="local-sync") as pipeline:
        entry = next(iter(pipeline.main.values()))
        for arguments in model.arguments:
            ours = call(entry, [arguments[name] for name in names])
            for found, expected in zip(ours, expected_results(session, arguments), strict=True):
                if found.shape != expected.shape or found.dtype != expected.dtype:
                    return (
                        "wrong",
                        seconds,
                        f"{found.dtype}{found.shape}, not {expected.dtype}{expected.shape}",
                    )
                difference = max(difference, relative_difference(found, expected))
    rounds = any(node.op_type.startswith("DynamicQuantize") for node in parsed.graph.node)
    halves = any(weight.data_type == onnx.TensorProto.FLOAT16 for weight in parsed.graph.initializer)
    tolerance = _TOLERANCE_OF_BYTES if rounds else _TOLERANCE_OF_HALVES if halves else _TOLERANCE
    verdict = "right" if difference <= tolerance else "wrong"
    return verdict, seconds, f"difference {difference:.1e}"


def call(entry: gossamer.Function, arguments: list[Array]) -> list[Array]:
    results = entry(*arguments)
    return [np.asarray(each) for each in (results if isinstance(results, (tuple, list)) else [results])]


def expected_results(session: onnxruntime.InferenceSession, arguments: Arguments) -> list[Array]:
    return [np.asarray(each) for each in session.run(None, arguments)]


def relative_difference(found: Array, expected: Array) -> float:
    if not expected.size:
        return 0.0
    difference = np.abs(found.astype(np.float64) - expected).max()
    return (
        float(difference / max(np.abs(expected).max(), _LEAST_SCALE)) if np.isfinite(difference) else np.inf
    )


def work(model: WheelModel, target: str, pipe: Connection) -> None:
    """Check a model and send what came of it."""
    try:
        pipe.send(check(model, target))
    except Exception as error:
        pipe.send(("wrong", 0.0, f"{type(error).__name__}: {error}"))


def main() -> int:
    """Run the command and return its exit code."""
    flags = [word for word in sys.argv[1:] if word.startswith("-")]
    folder, *starts = (word for word in sys.argv[1:] if not word.startswith("-"))
    target = next((flag.partition("=")[2] for flag in flags if flag.startswith("--target=")), "llvm-cpu")
    counts: Counter[str] = Counter()
    for model in wheel_models(Path(folder), starts):
        pipe, inner = PROCESSES.Pipe()
        worker = PROCESSES.Process(target=work, args=(model, target, inner), daemon=True)
        worker.start()
        inner.close()
        verdict, seconds, reason = "refused", 0.0, f"more than {_LONGEST_SECONDS} s"
        if pipe.poll(_LONGEST_SECONDS):
            try:
                verdict, seconds, reason = pipe.recv()
            except EOFError:
                worker.join()
                reason = f"the process ended with {worker.exitcode}"
        worker.kill()
        counts[verdict] += 1
        print(f"{verdict:8} {seconds:6.1f} s  {model.name}: {' '.join(reason.split())[:300]}", flush=True)
    print(f"{target}: {counts.total()} models, {dict(counts)}")
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
