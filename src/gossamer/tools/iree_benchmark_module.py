"""`iree-benchmark-module`: measures how long calls of functions take."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from gossamer.errors import InvalidArgumentError, NotFoundError, StatusError
from gossamer.tools.benchmark.measure import Benchmark
from gossamer.tools.benchmark.measuring_flags import MeasuringFlags
from gossamer.tools.command import EXIT_SUCCESS
from gossamer.tools.flags.device import DeviceFlags
from gossamer.tools.flags.module import ModuleFlags, annotated
from gossamer.tools.flags.output import OutputFlags, input_flag
from gossamer.tools.flags.parameter import ParameterFlags
from gossamer.tools.flags.parser import Arguments, FlagSet
from gossamer.tools.flags.python_module import exceptions_explained

if TYPE_CHECKING:
    from gossamer.hal.device import Device
    from gossamer.runtime.text_io.variants import Variant
    from gossamer.tools.benchmark.invocations import Invocations
    from gossamer.vm.link.context import Context
    from gossamer.vm.link.function import Function
    from gossamer.vm.link.module import Module

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
_MEASURING = MeasuringFlags(_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _run)


def _run(arguments: Arguments) -> int:
    from gossamer.runtime.loading import with_system_modules
    from gossamer.vm.link.context import Context

    if _DEVICES.print_lists(arguments):
        return EXIT_SUCCESS
    if arguments[_BATCH_SIZE] < 1 or arguments[_CONCURRENCY] < 1:
        raise InvalidArgumentError("sizes of batches are 1 or more")
    modules = _MODULES.load(arguments, arguments[_DEVICES.allow_native])
    devices = _DEVICES.open(arguments)
    try:
        with annotated("creating VM context"), exceptions_explained():
            parameters = _PARAMETERS.modules(arguments, modules)
            lead = _DEVICES.lead(arguments, devices)
            context = Context(with_system_modules([*parameters, *modules], devices, lead=lead))
        try:
            with exceptions_explained():
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
    was_measured = _MEASURING.run(arguments, [benchmark for benchmark, _, _ in found])
    if was_measured and arguments[_PROCESS_OUTPUTS] and arguments[_FUNCTION]:
        _, function, invocations = found[0]
        with annotated("processing function outputs"):
            results = _results(function, invocations.returned)
            return _OUTPUTS.process(arguments, function, results, device.allocator)
    return EXIT_SUCCESS


def _results(function: Function, returned: object) -> list[Variant]:
    from gossamer.abi.calling_convention import parse_calling_convention
    from gossamer.runtime.text_io.variants import Variant

    kinds = parse_calling_convention(function.calling_convention).results
    values = (returned,) if len(kinds) == 1 else cast("tuple[object, ...]", returned or ())
    return [Variant(kind, value) for kind, value in zip(kinds, values, strict=True)]


def _find_benchmarks(
    arguments: Arguments, context: Context, module: Module, device: Device
) -> list[tuple[Benchmark, Function, Invocations]]:
    from gossamer.runtime.invoke import argument_kinds, argument_types, check_count
    from gossamer.runtime.text_io.variants import VariantParser

    name = arguments[_FUNCTION]
    if name:
        if name not in module.exports:
            raise NotFoundError(f"no function `{name}` exported by module")
        function = context.lookup(f"{module.name}.{name}")
        with annotated("parsing function inputs"), VariantParser(device.allocator) as parser:
            inputs = parser.parse(argument_kinds(function), arguments[_INPUTS], argument_types(function))
        check_count(function, inputs)
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


if __name__ == "__main__":
    sys.exit(main())
