"""`iree-benchmark-module`: measures how long calls of functions take."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gossamer.errors import InvalidArgumentError, NotFoundError, StatusError
from gossamer.tools.benchmark.machine import describe_machine, machine_text
from gossamer.tools.benchmark.measure import Benchmark, Policy, Result, measure
from gossamer.tools.benchmark.report import Report, name_width, new_report
from gossamer.tools.command import EXIT_SUCCESS, run_command
from gossamer.tools.device_flags import DeviceFlags
from gossamer.tools.flags import Arguments, FlagSet
from gossamer.tools.module_flags import ModuleFlags, annotated
from gossamer.tools.output_flags import OutputFlags, input_flag
from gossamer.tools.parameter_flags import ParameterFlags

if TYPE_CHECKING:
    from gossamer.hal.device import Device
    from gossamer.runtime.text_io.variants import Variant
    from gossamer.tools.benchmark.invocations import Invocations
    from gossamer.vm.context import Context
    from gossamer.vm.function import Function
    from gossamer.vm.module import Module

_PROGRAM = "iree-benchmark-module"

_FLAGS = FlagSet(
    _PROGRAM,
    """Measures functions of a program made of one or more modules.
$ iree-benchmark-module [--device=local-sync] --module=a.vmfb [--function=run] [--input=...]

Without --function= it measures all functions of the last module that take no arguments.
""",
)
_MODULES = ModuleFlags(_FLAGS)
_FUNCTION = _FLAGS.string("function", "", "Function of the last module to call.")
_INPUTS = input_flag(_FLAGS)
_BATCH_SIZE = _FLAGS.integer(
    "batch_size", 1, "Iterations that one call counts for; asynchronous functions are called so often."
)
_CONCURRENCY = _FLAGS.integer(
    "batch_concurrency", 1, "Calls of a batch of asynchronous calls that may run at the same time."
)


def _read_time_unit(text: str, _value: str) -> str:
    if text not in ("ms", "us", "ns"):
        raise ValueError("unsupported time unit; expected ms, us or ns")
    return text


_TIME_UNIT = _FLAGS.custom(
    "time_unit",
    "",
    "Unit of times printed: ms, us or ns.",
    _read_time_unit,
    lambda unit: f"--time_unit={unit}",
)
_PROCESS_OUTPUTS = _FLAGS.boolean(
    "enable_output_processing", False, "Prints, writes or compares the results of the last call."
)
_OUTPUTS = OutputFlags(_FLAGS)
_STATISTICS = _FLAGS.boolean("print_statistics", False, "Prints memory statistics to stderr at the end.")
_DEVICES = DeviceFlags(_FLAGS)
_PARAMETERS = ParameterFlags(_FLAGS)
_FLAGS.section("measuring")
_LIST = _FLAGS.boolean("benchmark_list_tests", False, "Lists benchmarks and runs none.")
_FILTER = _FLAGS.string(
    "benchmark_filter", "", "Regular expression of benchmarks to run; of those not to run after a `-`."
)
_MIN_TIME = _FLAGS.string(
    "benchmark_min_time", "0.5s", "How long to measure, such as 0.5s, or how many iterations, such as 100x."
)
_WARMUP = _FLAGS.number("benchmark_min_warmup_time", 0.0, "Seconds to run before measuring.")
_REPETITIONS = _FLAGS.integer("benchmark_repetitions", 1, "How often to measure.")
_DRY_RUN = _FLAGS.boolean("benchmark_dry_run", False, "Does one iteration.")
_ONLY_AGGREGATES = _FLAGS.boolean(
    "benchmark_report_aggregates_only", False, "Leaves out repetitions and shows their statistics only."
)
_DISPLAY_AGGREGATES = _FLAGS.boolean(
    "benchmark_display_aggregates_only", False, "The same for what is printed, not for --benchmark_out=."
)
_FORMAT = _FLAGS.string("benchmark_format", "console", "console, json or csv.")
_OUT = _FLAGS.string("benchmark_out", "", "A file to write a report to, too.")
_OUT_FORMAT = _FLAGS.string("benchmark_out_format", "json", "Format of that file.")
_CONTEXT = _FLAGS.string("benchmark_context", "", "key=value,... to show with the machine.")
_FLAGS.string("benchmark_time_unit", "", "Accepted and not used: --time_unit= decides.")
_FLAGS.boolean(
    "benchmark_enable_random_interleaving", False, "Accepted and not used: repetitions run in order."
)
_FLAGS.boolean("benchmark_counters_tabular", False, "Accepted and not used: there are no counters.")
_FLAGS.integer("v", 0, "Accepted and not used: nothing is logged.")
_FLAGS.string("benchmark_color", "auto", "Accepted and not used: tables have no colors.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = _FLAGS.parse(sys.argv[1:] if argv is None else argv)
    return run_command(_PROGRAM, lambda: _run(arguments))


def _run(arguments: Arguments) -> int:
    from gossamer.runtime.loading import with_system_modules
    from gossamer.vm.context import Context

    if _DEVICES.print_lists(arguments):
        return EXIT_SUCCESS
    if arguments[_BATCH_SIZE] < 1 or arguments[_CONCURRENCY] < 1 or arguments[_REPETITIONS] < 1:
        raise InvalidArgumentError("sizes of batches and numbers of repetitions are 1 or more")
    modules = _MODULES.load(arguments, arguments[_DEVICES.allow_native])
    devices = _DEVICES.open(arguments)
    try:
        with annotated("creating VM context"):
            parameters = _PARAMETERS.modules(arguments, modules)
            context = Context(with_system_modules([*parameters, *modules], devices))
        try:
            return _run_benchmarks(arguments, context, modules[-1], _DEVICES.lead(arguments, devices))
        finally:
            context.close()
    finally:
        for device in devices:
            if arguments[_STATISTICS]:
                print(_DEVICES.statistics_text(device), file=sys.stderr)
            device.close()


def _run_benchmarks(arguments: Arguments, context: Context, module: Module, device: Device) -> int:
    found = _find_benchmarks(arguments, context, module, device)
    chosen = _filter(arguments[_FILTER], [benchmark for benchmark, _, _ in found])
    if not chosen:
        print(f"Failed to match any benchmarks against regex: {arguments[_FILTER] or '.'}", file=sys.stderr)
        return EXIT_SUCCESS
    if arguments[_LIST]:
        print("\n".join(benchmark.name for benchmark in chosen))
        return EXIT_SUCCESS
    _measure_all(arguments, chosen)
    if arguments[_PROCESS_OUTPUTS] and arguments[_FUNCTION]:
        _, function, invocations = found[0]
        with annotated("processing function outputs"):
            results = _results(function, invocations.returned)
            return _OUTPUTS.process(arguments, function, results, device.allocator)
    return EXIT_SUCCESS


def _results(function: Function, returned: object) -> list[Variant]:
    from gossamer.isa.calling_convention import parse_calling_convention
    from gossamer.runtime.text_io.variants import Variant

    kinds = parse_calling_convention(function.calling_convention).results
    values = (returned,) if len(kinds) == 1 else cast("tuple[object, ...]", returned or ())
    return [Variant(kind, value) for kind, value in zip(kinds, values, strict=True)]


def _find_benchmarks(
    arguments: Arguments, context: Context, module: Module, device: Device
) -> list[tuple[Benchmark, Function, Invocations]]:
    from gossamer.runtime.invoke import argument_kinds
    from gossamer.runtime.text_io.variants import VariantParser

    name = arguments[_FUNCTION]
    if name:
        if name not in module.exports:
            raise NotFoundError(f"no function `{name}` exported by module")
        function = context.lookup(f"{module.name}.{name}")
        with annotated("parsing function inputs"), VariantParser(device.allocator) as parser:
            inputs = parser.parse(argument_kinds(function), arguments[_INPUTS])
        return [_new_benchmark(arguments, function, [value.value for value in inputs])]
    found: list[tuple[Benchmark, Function, Invocations]] = []
    for export in module.exports.values():
        function = context.lookup(f"{module.name}.{export.name}")
        if export.attrs.get("iree.benchmark") == "dispatch":
            found.append(_new_benchmark(arguments, function, [arguments[_BATCH_SIZE]], "us"))
        elif export.attrs.get("iree.benchmark") == "entry" or _is_runnable(function):
            found.append(_new_benchmark(arguments, function, []))
    return found


def _is_runnable(function: Function) -> bool:
    from gossamer.runtime.invoke import argument_kinds

    if function.name.startswith("__") or "$" in function.name:
        return False
    try:
        return not argument_kinds(function)
    except StatusError:
        return False


def _new_benchmark(
    arguments: Arguments, function: Function, values: list[object], time_unit: str = "ms"
) -> tuple[Benchmark, Function, Invocations]:
    from gossamer.tools.benchmark.invocations import Invocations

    invocations = Invocations(function, values, arguments[_BATCH_SIZE], arguments[_CONCURRENCY])
    run = invocations.run_async if function.is_async else invocations.run
    name = f"BM_{function.name}/process_time/real_time"
    return Benchmark(name, run, arguments[_TIME_UNIT] or time_unit), function, invocations


def _filter(pattern: str, benchmarks: list[Benchmark]) -> list[Benchmark]:
    if pattern in ("", "all"):
        return benchmarks
    try:
        expression = re.compile(pattern.removeprefix("-"))
    except re.error as error:
        raise InvalidArgumentError(f"--benchmark_filter={pattern}: {error}") from None
    wanted = not pattern.startswith("-")
    return [benchmark for benchmark in benchmarks if bool(expression.search(benchmark.name)) == wanted]


def _policy(arguments: Arguments) -> Policy:
    if arguments[_DRY_RUN]:
        return Policy(iterations=1)
    text = arguments[_MIN_TIME]
    match = re.fullmatch(r"(\d+)x|(\d*\.?\d+(?:[eE]-?\d+)?)s?", text)
    if not match or text in ("0x", "0", "0s"):
        raise InvalidArgumentError(
            f"--benchmark_min_time={text}: expected seconds like 0.5s or iterations like 9x"
        )
    return Policy(
        minimum_seconds=float(match[2] or 0),
        iterations=int(match[1] or 0),
        warmup_seconds=arguments[_WARMUP],
        repetitions=arguments[_REPETITIONS],
    )


def _measure_all(arguments: Arguments, benchmarks: list[Benchmark]) -> None:
    policy = _policy(arguments)
    extra = {"dry_run": "true"} if arguments[_DRY_RUN] else {}
    extra |= dict(_key_value(text) for text in arguments[_CONTEXT].split(",") if text)
    width = name_width([benchmark.name for benchmark in benchmarks], policy.repetitions)
    shown = new_report(arguments[_FORMAT], width, extra)
    written: Report | None = None
    if arguments[_OUT]:
        written = new_report(arguments[_OUT_FORMAT], width, extra)
    machine = describe_machine()
    if arguments[_FORMAT] != "json":
        print(machine_text(machine, extra), file=sys.stderr, flush=True)
    sys.stdout.write(shown.begin(machine))
    text = written.begin(machine) if written else ""
    only_written = arguments[_ONLY_AGGREGATES]
    for family, benchmark in enumerate(benchmarks):
        results = measure(benchmark, family, policy)
        only_shown = only_written or arguments[_DISPLAY_AGGREGATES]
        sys.stdout.write(shown.add(_aggregates_if(results, only_shown)))
        sys.stdout.flush()
        text += written.add(_aggregates_if(results, only_written)) if written else ""
    sys.stdout.write(shown.end())
    if written:
        Path(arguments[_OUT]).write_text(text + written.end())


def _key_value(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InvalidArgumentError(f"--benchmark_context: expected key=value, not '{text}'")
    return key, value


def _aggregates_if(results: list[Result], only: bool) -> list[Result]:
    aggregates = [result for result in results if result.aggregate]
    return aggregates if only and aggregates else results


if __name__ == "__main__":
    sys.exit(main())
