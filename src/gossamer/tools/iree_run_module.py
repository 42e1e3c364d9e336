"""`iree-run-module`: loads modules into a context, calls one function, prints or checks what it returns."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gossamer.errors import NotFoundError, StatusError
from gossamer.tools.command import EXIT_SUCCESS
from gossamer.tools.flags.device import DeviceFlags
from gossamer.tools.flags.module import ModuleFlags, annotated
from gossamer.tools.flags.output import OutputFlags, input_flag
from gossamer.tools.flags.parameter import ParameterFlags
from gossamer.tools.flags.parser import Arguments, FlagSet
from gossamer.tools.flags.python_module import exceptions_explained

if TYPE_CHECKING:
    from gossamer.hal.device import Device
    from gossamer.vm.link.context import Context
    from gossamer.vm.link.function import Function
    from gossamer.vm.link.module import Module

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
_INPUTS = input_flag(_FLAGS)
_OUTPUTS = OutputFlags(_FLAGS)
_INSTRUMENTS = _FLAGS.string(
    "instrument_file", "", "A file to write what instruments of the program have recorded to."
)
_STATISTICS = _FLAGS.boolean("print_statistics", False, "Prints memory statistics to stderr at the end.")
_DEVICES = DeviceFlags(_FLAGS)
_PARAMETERS = ParameterFlags(_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _run)


def _run(arguments: Arguments) -> int:
    if _DEVICES.print_lists(arguments):
        return EXIT_SUCCESS
    with annotated("creating run context"):
        modules = _MODULES.load(arguments, arguments[_DEVICES.allow_native])
        devices = _DEVICES.open(arguments)
        with exceptions_explained():
            context, function = _create_context(arguments, modules, devices)
    try:
        return _call(arguments, context, function, _DEVICES.lead(arguments, devices))
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
    from gossamer.vm.link.context import Context

    with annotated("creating VM context"):
        parameters = _PARAMETERS.modules(arguments, modules)
        lead = _DEVICES.lead(arguments, devices)
        context = Context(with_system_modules([*parameters, *modules], devices, lead=lead))
    main_module = modules[-1]
    name = arguments[_FUNCTION]
    if not name:
        name = find_single_export(main_module)
    elif name not in main_module.exports:
        raise NotFoundError(f"no function `{name}` exported by module; looking up function '{name}'")
    return context, context.lookup(f"{main_module.name}.{name}")


def _call(arguments: Arguments, context: Context, function: Function, device: Device) -> int:
    from gossamer.runtime.invoke import argument_kinds, argument_types, invoke
    from gossamer.runtime.text_io.variants import VariantParser

    with annotated("parsing function inputs"), VariantParser(device.allocator) as parser:
        inputs = parser.parse(argument_kinds(function), arguments[_INPUTS], argument_types(function))
    print(f"EXEC @{function.name}", flush=True)
    with annotated(f"invoking function '{function.name}'"), exceptions_explained():
        results = invoke(function, inputs)
    if arguments[_INSTRUMENTS]:
        from gossamer.tools.instrument_file import write_instrument_data

        with annotated("processing instrument data"):
            write_instrument_data(arguments[_INSTRUMENTS], context)
    with annotated("processing function outputs"):
        return _OUTPUTS.process(arguments, function, results, device.allocator)


if __name__ == "__main__":
    sys.exit(main())
