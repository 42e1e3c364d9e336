"""Flags about measuring, shared by the commands that do: which benchmarks, how long, and what report.

Names and meanings are those of Google Benchmark.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from gossamer.errors import InvalidArgumentError
from gossamer.format.whole_file import write_whole
from gossamer.tools.benchmark.machine import describe_machine, machine_text
from gossamer.tools.benchmark.measure import Benchmark, Policy, Result, measure
from gossamer.tools.benchmark.report import Report, name_width, new_report
from gossamer.tools.flags.parser import Arguments, FlagSet


class MeasuringFlags:
    """`--benchmark_*=`."""

    def __init__(self, flags: FlagSet) -> None:
        flags.section("measuring")
        self._list = flags.boolean("benchmark_list_tests", False, "Lists benchmarks and runs none.")
        self._filter = flags.string(
            "benchmark_filter",
            "",
            "Regular expression of benchmarks to run; of those not to run after a `-`.",
        )
        self._min_time = flags.string(
            "benchmark_min_time",
            "0.5s",
            "How long to measure, such as 0.5s, or how many iterations, such as 100x.",
        )
        self._warmup = flags.number("benchmark_min_warmup_time", 0.0, "Seconds to run before measuring.")
        self._repetitions = flags.integer("benchmark_repetitions", 1, "How often to measure.")
        self._dry_run = flags.boolean("benchmark_dry_run", False, "Does one iteration.")
        self._only_aggregates = flags.boolean(
            "benchmark_report_aggregates_only",
            False,
            "Leaves out repetitions and shows their statistics only.",
        )
        self._display_aggregates = flags.boolean(
            "benchmark_display_aggregates_only",
            False,
            "The same for what is printed, not for --benchmark_out=.",
        )
        self._format = flags.string("benchmark_format", "console", "console, json or csv.")
        self._out = flags.string("benchmark_out", "", "A file to write a report to, too.")
        self._out_format = flags.string("benchmark_out_format", "json", "Format of that file.")
        self._context = flags.string("benchmark_context", "", "key=value,... to show with the machine.")
        flags.string("benchmark_time_unit", "", "Accepted and not used: each benchmark has its own.")
        flags.boolean(
            "benchmark_enable_random_interleaving", False, "Accepted and not used: repetitions run in order."
        )
        self._tabular = flags.boolean(
            "benchmark_counters_tabular", False, "Gives items per second a column of the table."
        )
        flags.string("benchmark_color", "auto", "Accepted and not used: tables have no colors.")
        flags.integer("v", 0, "Accepted and not used: nothing is logged.")

    def run(self, arguments: Arguments, benchmarks: Sequence[Benchmark]) -> bool:
        """Measure, or list, the benchmarks that were asked for.

        Returns: False where nothing was measured.
        Raises: InvalidArgumentError for a flag that is wrong; what a benchmark raises.
        """
        if arguments[self._repetitions] < 1:
            raise InvalidArgumentError("numbers of repetitions are 1 or more")
        pattern = arguments[self._filter]
        chosen = _filtered(pattern, benchmarks)
        if not chosen:
            print(f"Failed to match any benchmarks against regex: {pattern or '.'}", file=sys.stderr)
            return False
        if arguments[self._list]:
            print("\n".join(benchmark.name for benchmark in chosen))
            return False
        self._measure(arguments, chosen)
        return True

    def _measure(self, arguments: Arguments, benchmarks: Sequence[Benchmark]) -> None:
        policy = self._policy(arguments)
        extra = {"dry_run": "true"} if arguments[self._dry_run] else {}
        extra |= dict(_key_value(text) for text in arguments[self._context].split(",") if text)
        width = name_width([benchmark.name for benchmark in benchmarks], policy.repetitions)
        is_tabular = arguments[self._tabular]
        shown = new_report(arguments[self._format], width, extra, is_tabular=is_tabular)
        written: Report | None = None
        if arguments[self._out]:
            written = new_report(arguments[self._out_format], width, extra)
        machine = describe_machine()
        if arguments[self._format] != "json":
            print(machine_text(machine, extra), file=sys.stderr, flush=True)
        sys.stdout.write(shown.begin(machine))
        text = written.begin(machine) if written else ""
        only_written = arguments[self._only_aggregates]
        only_shown = only_written or arguments[self._display_aggregates]
        for family, benchmark in enumerate(benchmarks):
            results = measure(benchmark, family, policy)
            sys.stdout.write(shown.add(_aggregates_if(results, only_shown)))
            sys.stdout.flush()
            text += written.add(_aggregates_if(results, only_written)) if written else ""
        sys.stdout.write(shown.end())
        if written:
            write_whole(arguments[self._out], (text + written.end()).encode())

    def _policy(self, arguments: Arguments) -> Policy:
        if arguments[self._dry_run]:
            return Policy(iterations=1)
        text = arguments[self._min_time]
        match = re.fullmatch(r"(\d+)x|(\d*\.?\d+(?:[eE]-?\d+)?)s?", text)
        if not match or text in ("0x", "0", "0s"):
            raise InvalidArgumentError(
                f"--benchmark_min_time={text}: expected seconds like 0.5s or iterations like 9x"
            )
        return Policy(
            minimum_seconds=float(match[2] or 0),
            iterations=int(match[1] or 0),
            warmup_seconds=arguments[self._warmup],
            repetitions=arguments[self._repetitions],
        )


def _filtered(pattern: str, benchmarks: Sequence[Benchmark]) -> list[Benchmark]:
    if pattern in ("", "all"):
        return list(benchmarks)
    try:
        expression = re.compile(pattern.removeprefix("-"))
    except re.error as error:
        raise InvalidArgumentError(f"--benchmark_filter={pattern}: {error}") from None
    wanted = not pattern.startswith("-")
    return [benchmark for benchmark in benchmarks if bool(expression.search(benchmark.name)) == wanted]


def _key_value(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InvalidArgumentError(f"--benchmark_context: expected key=value, not '{text}'")
    return key, value


def _aggregates_if(results: list[Result], only: bool) -> list[Result]:
    aggregates = [result for result in results if result.aggregate]
    return aggregates if only and aggregates else results
