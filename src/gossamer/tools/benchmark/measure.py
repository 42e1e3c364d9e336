"""How often to run a benchmark, and statistics of its repetitions.

Iterations grow until a run takes the minimum time, by Google Benchmark's rule; repetitions do as many each.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

_MAX_ITERATIONS = 1_000_000_000
_SAFETY_FACTOR = 1.4
_SIGNIFICANT_FRACTION = 0.1
_UNITS = {"ns": 1e9, "us": 1e6, "ms": 1e3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Timing:
    """What one run of a benchmark took, in seconds for all iterations together."""

    iterations: int
    real_seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Something to measure.

    Attributes:
        run: does at least so many iterations.
        time_unit: of what is printed: ns, us, ms or s.
        items: what one iteration counts for in `items_per_second`.
    """

    name: str
    run: Callable[[int], Timing]
    time_unit: str = "ms"
    items: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """A line of a report.

    Attributes:
        aggregate: which statistic of the repetitions it is, or "" for one of them.
        repetition: index, for one of them.
        real_time, cpu_time: of one iteration in `time_unit`; a fraction for `cv`.
        items_per_second: items of all iterations a second.
    """

    benchmark: Benchmark
    family: int
    repetitions: int
    repetition: int
    iterations: int
    real_time: float
    cpu_time: float
    items_per_second: float
    aggregate: str = ""

    @property
    def name(self) -> str:
        """As printed."""
        return f"{self.benchmark.name}_{self.aggregate}" if self.aggregate else self.benchmark.name

    @property
    def is_percentage(self) -> bool:
        """True for the coefficient of variation."""
        return self.aggregate == "cv"


@dataclass(frozen=True, slots=True)
class Policy:
    """How long to measure.

    Attributes:
        minimum_seconds: a run takes at least so long.
        iterations: if not 0, do so many instead.
        warmup_seconds: run so long before measuring.
        repetitions: measure so often.
    """

    minimum_seconds: float = 0.5
    iterations: int = 0
    warmup_seconds: float = 0.0
    repetitions: int = 1


def measure(benchmark: Benchmark, family: int, policy: Policy) -> list[Result]:
    """Measure a benchmark. Returns: each repetition, then their statistics where there are several."""
    if policy.warmup_seconds:
        _run_for(benchmark, policy.warmup_seconds)
    scale = _UNITS[benchmark.time_unit]
    iterations = policy.iterations
    results: list[Result] = []
    for repetition in range(policy.repetitions):
        timing = benchmark.run(iterations) if iterations else _run_for(benchmark, policy.minimum_seconds)
        iterations = iterations or timing.iterations
        results.append(
            Result(
                benchmark,
                family,
                policy.repetitions,
                repetition,
                timing.iterations,
                timing.real_seconds / timing.iterations * scale,
                timing.cpu_seconds / timing.iterations * scale,
                benchmark.items * timing.iterations / max(timing.real_seconds, 1e-12),
            )
        )
    return results + _aggregates(results)


def _run_for(benchmark: Benchmark, seconds: float) -> Timing:
    iterations = 1
    while True:
        timing = benchmark.run(iterations)
        if timing.real_seconds >= seconds or iterations >= _MAX_ITERATIONS:
            return timing
        is_significant = timing.real_seconds / seconds > _SIGNIFICANT_FRACTION
        multiplier = seconds * _SAFETY_FACTOR / max(timing.real_seconds, 1e-9) if is_significant else 10.0
        iterations = min(round(max(multiplier * iterations, iterations + 1.0)), _MAX_ITERATIONS)


def _aggregates(results: Sequence[Result]) -> list[Result]:
    if len(results) < 2:
        return []
    return [
        replace(
            results[0],
            iterations=len(results),
            real_time=compute([result.real_time for result in results]),
            cpu_time=compute([result.cpu_time for result in results]),
            items_per_second=compute([result.items_per_second for result in results]),
            aggregate=name,
        )
        for name, compute in _STATISTICS.items()
    ]


def _variation(values: Sequence[float]) -> float:
    mean = statistics.fmean(values)
    return statistics.stdev(values) / mean if mean else 0.0


_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "stddev": statistics.stdev,
    "cv": _variation,
}
