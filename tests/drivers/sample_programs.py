"""The sample of three modules, compiled for tests of drivers."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

import gossamer
from gossamer.hal.device import Device

_SAMPLES = Path(__file__).parents[2] / "examples" / "multiple_modules"

INPUT = np.linspace(-2, 2, 4096, dtype=np.float32)
OUTPUT = np.abs(INPUT) * np.abs(INPUT)


def run_sample(device: Device | str, *, asynchronous: bool = False, times: int = 2) -> list[np.ndarray]:
    """Results of as many calls; later ones are of functions that are translated."""
    run = gossamer.Pipeline(sample_modules(asynchronous=asynchronous), device=device).run
    results = [run(INPUT) for _ in range(times)]
    return [result.result(20) for result in results] if asynchronous else results


@cache
def sample_modules(*, asynchronous: bool = False) -> list[bytes]:
    """Modules of the sample in load order; `run` of the last takes INPUT and gives OUTPUT."""
    pipeline = "pipeline_async" if asynchronous else "pipeline_sync"
    return [
        gossamer.compile_text((_SAMPLES / f"{name}.mlir").read_text(), asynchronous=asynchronous)
        for name in ("module_a", "module_b", pipeline)
    ]
