"""`iree-run-module`: loads modules into a context, calls one function, prints or checks what it returns."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError, NotFoundError, StatusError
from gossamer.tools.command import EXIT_FAILURE, EXIT_SUCCESS, run_command
from gossamer.tools.device_flags import DeviceFlags
from gossamer.tools.flags import Arguments, FlagSet
from gossamer.tools.module_flags import ModuleFlags, annotated

if TYPE_CHECKING:
    from gossamer.hal.allocator import Allocator
    from gossamer.hal.device import Device
    from gossamer.runtime.text_io.results import Equality
    from gossamer.runtime.text_io.variants import Variant
    from gossamer.vm.context import Context
    from gossamer.vm.function import Function
    from gossamer.vm.module import Module

_PROGRAM = "iree-run-module"

_FLAGS = FlagSet(
    _PROGRAM,
    """Runs a function of a program made of one or more modules.
$ iree-run-module [--device=local-sync] --module=a.vmfb [--module=b.vmfb ...] --function=run [--input=...]

Modules are loaded in the order given; each may call those before it. The function is looked up in the last.
Asynchronous functions get their fences from the tool.
""",
)
_MODULES = ModuleFlags(_FLAGS)
_FUNCTION = _FLAGS.string(
    "function", "", "Function of the last module to call; may be left out where there is only one."
)
_INPUTS = _FLAGS.strings(
    "input",
    "An argument, in order:\n"
    "  3.14                     a scalar\n"
    "  2x2xi32=1 2 3 4          a tensor; one value fills it, no `=` makes zeros\n"
    "  2x2xi32=@file.bin        its bytes from a file; `=+file.bin` goes on in the same file\n"
    "  @file.npy +file.npy      one NumPy array; `*file.npy` takes all that remain\n"
    "  &2x2xi32                 a buffer for storage\n"
    "  (null)                   null, or zero for a scalar",
)
_OUTPUTS = _FLAGS.strings(
    "output",
    "What to do with a result, in order:\n"
    "  (empty)                  ignore it\n"
    "  -                        print it\n"
    "  @file.npy +file.npy      write or append a NumPy array\n"
    "  @file.bin +file.bin      write or append its bytes",
)
_EXPECTED = _FLAGS.strings(
    "expected_output",
    "What a result should be, as for --input=; `(ignored)` accepts anything.\n"
    "The exit code is 1 on a mismatch.",
)
_MAX_ELEMENTS = _FLAGS.integer(
    "output_max_element_count", 1024, "Prints at most so many elements of a tensor."
)
_EQUALITY_MODE = _FLAGS.string(
    "equality_mode", "approximate", "`approximate` compares floats within tolerances, `exact` bytes."
)
_TOLERANCES = {
    name: _FLAGS.number(f"expected_{name}_threshold", default, f"Absolute tolerance of {name}.")
    for name, default in (("f16", 0.001), ("f32", 0.0001), ("f64", 0.0001), ("bf16", 0.01))
}
_RELATIVE = _FLAGS.number("expected_rtol", 1e-5, "Relative tolerance of all float types.")
_STATISTICS = _FLAGS.boolean("print_statistics", False, "Prints memory statistics to stderr at the end.")
_DEVICES = DeviceFlags(_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = _FLAGS.parse(sys.argv[1:] if argv is None else argv)
    return run_command(_PROGRAM, lambda: _run(arguments))


def _run(arguments: Arguments) -> int:
    if _DEVICES.print_lists(arguments):
        return EXIT_SUCCESS
    with annotated("creating run context"):
        modules = _MODULES.load(arguments)
        devices = _DEVICES.open(arguments)
        context, function = _create_context(arguments, modules, devices)
    try:
        return _call(arguments, function, devices[0])
    except StatusError as error:
        raise error.annotate(f"`{function.declaration}`") if function.declaration else error from None
    finally:
        context.close()
        for device in devices:
            if arguments[_STATISTICS]:
                print(_DEVICES.statistics_text(device), file=sys.stderr)
            device.close()


def _create_context(
    arguments: Arguments, modules: list[Module], devices: list[Device]
) -> tuple[Context, Function]:
    from gossamer.runtime.invoke import find_single_export
    from gossamer.runtime.loading import with_system_modules
    from gossamer.vm.context import Context

    with annotated("creating VM context"):
        context = Context(with_system_modules(modules, devices))
    main_module = modules[-1]
    name = arguments[_FUNCTION]
    if not name:
        name = find_single_export(main_module)
    elif name not in main_module.exports:
        raise NotFoundError(f"no function `{name}` exported by module; looking up function '{name}'")
    return context, context.lookup(f"{main_module.name}.{name}")


def _call(arguments: Arguments, function: Function, device: Device) -> int:
    from gossamer.runtime.invoke import argument_kinds, invoke
    from gossamer.runtime.text_io.variants import VariantParser

    with annotated("parsing function inputs"), VariantParser(device.allocator) as parser:
        inputs = parser.parse(argument_kinds(function), arguments[_INPUTS])
    print(f"EXEC @{function.name}", flush=True)
    with annotated(f"invoking function '{function.name}'"):
        results = invoke(function, inputs)
    with annotated("processing function outputs"):
        return _process_results(arguments, function, results, device.allocator)


def _process_results(
    arguments: Arguments, function: Function, results: list[Variant], allocator: Allocator
) -> int:
    from gossamer.isa.calling_convention import parse_calling_convention
    from gossamer.runtime.text_io.results import compare_results, write_outputs
    from gossamer.runtime.text_io.variants import VariantParser, format_variants

    limit = arguments[_MAX_ELEMENTS]
    if not arguments[_EXPECTED]:
        if arguments[_OUTPUTS]:
            with annotated("outputting results"):
                sys.stdout.write(write_outputs(results, arguments[_OUTPUTS], limit))
        else:
            sys.stdout.write(format_variants("result", results, limit))
        return EXIT_SUCCESS
    kinds = parse_calling_convention(function.calling_convention).results
    with annotated("parsing expected function outputs"), VariantParser(allocator) as parser:
        expected = parser.parse(kinds, arguments[_EXPECTED])
    checked = [
        None if spec.strip() == "(ignored)" else variant
        for spec, variant in zip(arguments[_EXPECTED], expected, strict=False)
    ] + expected[len(arguments[_EXPECTED]) :]
    differences = compare_results(checked, results, _equality(arguments))
    if differences:
        sys.stdout.write(differences)
        return EXIT_FAILURE
    print("[SUCCESS] all function outputs matched their expected values.")
    return EXIT_SUCCESS


def _equality(arguments: Arguments) -> Equality:
    from gossamer.runtime.text_io.results import Equality

    mode = arguments[_EQUALITY_MODE]
    if mode not in ("approximate", "exact"):
        raise InvalidArgumentError(f"unrecognized --equality_mode= value '{mode}'")
    tolerances = {name: arguments[flag] for name, flag in _TOLERANCES.items()}
    return Equality(mode == "exact", tolerances, arguments[_RELATIVE])


if __name__ == "__main__":
    sys.exit(main())
