"""What the kernel tests share: random arrays, and running a one-function program against expected arrays."""

from __future__ import annotations

import numpy as np
from compiled_kernels import TARGETS
from flow_evaluator import FlowEvaluator

from gossamer.compiler.mlir import ir


def random_array(*shape: int, dtype: object = np.float32, seed: int = 0) -> np.ndarray:
    """Numbers around zero that every dtype holds."""
    numbers = np.random.default_rng(seed + sum(shape)).standard_normal(shape) * 4
    return numbers.astype(np.int64).astype(dtype) if np.dtype(dtype).kind in "iub" else numbers.astype(dtype)


def check(
    text: str | ir.Module, arguments: list, expected: np.ndarray | list[np.ndarray], *, tolerance: float = 0.0
) -> FlowEvaluator:
    """Compile `text` for each target, run its function `f`, compare its results.

    Returns: the program, to ask more of it.
    """
    programs = [FlowEvaluator(str(text), target=target) for target in TARGETS]
    for program in programs:
        _check_results(program("f", *arguments), expected, tolerance)
    return programs[0]


def _check_results(
    results: list[np.ndarray], expected: np.ndarray | list[np.ndarray], tolerance: float
) -> None:
    wanted = expected if isinstance(expected, list) else [expected]
    for got, want in zip(results, wanted, strict=True):
        got, want = np.asarray(got), np.asarray(want)
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        if tolerance:
            np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), tolerance, tolerance)
        else:
            np.testing.assert_array_equal(got, want)
