"""Results as text: a table for people, JSON or CSV. Layouts are those of Google Benchmark 1.9."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Protocol

from gossamer.errors import InvalidArgumentError
from gossamer.tools.benchmark.machine import Machine
from gossamer.tools.benchmark.measure import Result
from gossamer.versions import GOOGLE_BENCHMARK_SCHEMA_VERSION, GOOGLE_BENCHMARK_VERSION

_CSV_HEADER = (
    "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,"
    "error_occurred,error_message"
)


class Report(Protocol):
    """Writes parts of a report, each a text to print."""

    def begin(self, machine: Machine) -> str:
        """What comes before all results."""
        ...

    def add(self, results: Sequence[Result]) -> str:
        """Results of one benchmark."""
        ...

    def end(self) -> str:
        """What comes after all results."""
        ...


def new_report(layout: str, name_width: int, extra: dict[str, str], *, is_tabular: bool = False) -> Report:
    """Make a report: `console`, `json` or `csv`.

    Args:
        name_width: characters for the longest name, in a table.
        extra: what the user wants to see with the machine.
        is_tabular: items per second get a column of a table.
    Raises: InvalidArgumentError for another layout.
    """
    if layout == "console":
        return _Console(name_width, is_tabular)
    if layout == "json":
        return _Json(extra)
    if layout == "csv":
        return _Csv()
    raise InvalidArgumentError(f"unrecognized benchmark format '{layout}'; expected console, json or csv")


def name_width(names: Sequence[str], repetitions: int) -> int:
    """Characters for the longest name, with the name of a statistic after it where there are repetitions."""
    longest = max([10, *map(len, names)])
    return longest + len("_median") if repetitions > 1 else longest


class _Console:
    def __init__(self, width: int, is_tabular: bool) -> None:
        self._width = width
        self._is_tabular = is_tabular

    def begin(self, machine: Machine) -> str:
        del machine
        counters = "items_per_second" if self._is_tabular else "UserCounters..."
        header = f"{'Benchmark':<{self._width}} {'Time':>13} {'CPU':>15} {'Iterations':>12} {counters}"
        bar = "-" * len(header)
        return f"{bar}\n{header}\n{bar}\n"

    def add(self, results: Sequence[Result]) -> str:
        return "".join(self._line(result) for result in results)

    def end(self) -> str:
        return ""

    def _line(self, result: Result) -> str:
        if result.is_percentage:
            times = f"{100 * result.real_time:10.2f} {'%':<4} {100 * result.cpu_time:10.2f} {'%':<4} "
            rate = f"{100 * result.items_per_second:.2f}%"
        else:
            unit = result.benchmark.time_unit
            times = f"{_time_text(result.real_time)} {unit:<4} {_time_text(result.cpu_time)} {unit:<4} "
            rate = f"{_with_prefix(result.items_per_second)}/s"
        counter = f" {rate:>16}" if self._is_tabular else f" items_per_second={rate}"
        return f"{result.name:<{self._width}} {times}{result.iterations:10}{counter}\n"


def _time_text(value: float) -> str:
    if value > 9999999999:
        return f"{value:1.4e}"
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:10.{digits}f}"


def _with_prefix(value: float) -> str:
    """Six digits and an SI prefix."""
    if value > 999:
        for prefix in "kMGTPEZY":
            value /= 1000
            if value <= 999:
                return f"{value:g}{prefix}"
    if 0 < value < 0.01:
        for prefix in "munpfazy":
            value *= 1000
            if value >= 0.01:
                return f"{value:g}{prefix}"
    return f"{value:g}"


class _Csv:
    def begin(self, machine: Machine) -> str:
        del machine
        return _CSV_HEADER + "\n"

    def add(self, results: Sequence[Result]) -> str:
        return "".join(
            f'"{result.name}",{result.iterations},{result.real_time:g},{result.cpu_time:g},'
            f"{'' if result.is_percentage else result.benchmark.time_unit},,{result.items_per_second:g},,,\n"
            for result in results
        )

    def end(self) -> str:
        return ""


class _Json:
    def __init__(self, extra: dict[str, str]) -> None:
        self._extra = extra
        self._is_first = True

    def begin(self, machine: Machine) -> str:
        load = ",".join(f"{value:g}" for value in machine.load_average)
        context: list[tuple[str, str]] = [
            ("date", json.dumps(machine.date)),
            ("host_name", json.dumps(machine.host_name)),
            ("executable", json.dumps(machine.executable)),
            ("num_cpus", str(machine.cpu_count)),
            ("mhz_per_cpu", str(machine.megahertz)),
            ("cpu_scaling_enabled", json.dumps(machine.is_scaling)),
            ("aslr_enabled", json.dumps(machine.has_aslr)),
            ("caches", self._caches(machine)),
            ("load_avg", f"[{load}]"),
            ("library_version", json.dumps(GOOGLE_BENCHMARK_VERSION)),
            ("library_build_type", '"release"'),
            ("json_schema_version", str(GOOGLE_BENCHMARK_SCHEMA_VERSION)),
            *((key, json.dumps(value)) for key, value in self._extra.items()),
        ]
        lines = ",\n".join(f'    "{key}": {value}' for key, value in context)
        return f'{{\n  "context": {{\n{lines}\n  }},\n  "benchmarks": ['

    @staticmethod
    def _caches(machine: Machine) -> str:
        caches = [
            f'      {{\n        "type": "{cache.kind}",\n        "level": {cache.level},\n'
            f'        "size": {cache.size},\n        "num_sharing": {cache.shared_by}\n      }}'
            for cache in machine.caches
        ]
        return "[\n" + ",\n".join(caches) + "\n    ]"

    def add(self, results: Sequence[Result]) -> str:
        parts: list[str] = []
        for result in results:
            lines = ",\n".join(f'      "{key}": {value}' for key, value in _json_fields(result))
            parts.append(("\n" if self._is_first else ",\n") + f"    {{\n{lines}\n    }}")
            self._is_first = False
        return "".join(parts)

    def end(self) -> str:
        return "\n  ]\n}\n"


def _json_fields(result: Result) -> Iterator[tuple[str, str]]:
    yield "name", json.dumps(result.name)
    yield "family_index", str(result.family)
    yield "per_family_instance_index", "0"
    yield "run_name", json.dumps(result.benchmark.name)
    yield "run_type", '"aggregate"' if result.aggregate else '"iteration"'
    yield "repetitions", str(result.repetitions)
    if not result.aggregate:
        yield "repetition_index", str(result.repetition)
    yield "threads", "1"
    if result.aggregate:
        yield "aggregate_name", f'"{result.aggregate}"'
        yield "aggregate_unit", '"percentage"' if result.is_percentage else '"time"'
    yield "iterations", str(result.iterations)
    yield "real_time", f"{result.real_time:.16e}"
    yield "cpu_time", f"{result.cpu_time:.16e}"
    yield "time_unit", f'"{result.benchmark.time_unit}"'
    yield "items_per_second", f"{result.items_per_second:.16e}"
