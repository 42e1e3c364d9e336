"""`iree-check-module`: runs every function of a module as a test; failed `check.*` calls are its failures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError, StatusError
from gossamer.tools.command import EXIT_FAILURE, EXIT_SUCCESS
from gossamer.tools.flags.device import DeviceFlags
from gossamer.tools.flags.module import ModuleFlags
from gossamer.tools.flags.parameter import ParameterFlags
from gossamer.tools.flags.parser import Arguments, FlagSet
from gossamer.tools.flags.python_module import exceptions_explained
from gossamer.tools.google_test import GoogleTest, list_tests, run_tests, select_tests

if TYPE_CHECKING:
    from gossamer.vm.link.module import Module

_PROGRAM = "iree-check-module"
_MAX_ELEMENT_COUNT = 1024

_FLAGS = FlagSet(
    _PROGRAM,
    """Runs the exported functions of a module as tests: they take and return nothing and call check.*.
$ iree-check-module [--device=local-sync] --module=tests.vmfb

Each test gets a context and devices of its own. The exit code is 1 where a test fails.
""",
)
_MODULES = ModuleFlags(_FLAGS)
_EXPECT_FAILURE = _FLAGS.boolean(
    "expect_failure", False, "Turns the exit code around: 0 where a test fails, 1 where all pass."
)
_FILTER = _FLAGS.string(
    "gtest_filter", "*", "Tests to run: patterns with * and ?, colons between them; not those after a `-`."
)
_LIST = _FLAGS.boolean("gtest_list_tests", False, "Lists tests and runs none.")
_FAIL_FAST = _FLAGS.boolean("gtest_fail_fast", False, "Ends after the first test that fails.")
_DEVICES = DeviceFlags(_FLAGS)
_PARAMETERS = ParameterFlags(_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _run)


def _run(arguments: Arguments) -> int:
    if _DEVICES.print_lists(arguments):
        return EXIT_SUCCESS
    status = "OK"
    passed = False
    try:
        modules = _MODULES.load(arguments, arguments[_DEVICES.allow_native])
        tests = select_tests(_find_tests(arguments, modules), arguments[_FILTER])
        if arguments[_LIST]:
            print(list_tests(tests))
            return EXIT_SUCCESS
        if arguments[_FILTER] != "*":
            print(f"Note: Google Test filter = {arguments[_FILTER]}")
        passed = run_tests(tests, fail_fast=arguments[_FAIL_FAST])
    except (StatusError, OSError) as error:
        status = str(error)
    if arguments[_EXPECT_FAILURE]:
        print("Test passed but expected failure" if passed else "Test failed as expected")
        return EXIT_FAILURE if passed else EXIT_SUCCESS
    if not passed:
        print(f"Test failed\n{status}")
    return EXIT_SUCCESS if passed else EXIT_FAILURE


def _find_tests(arguments: Arguments, modules: list[Module]) -> list[GoogleTest]:
    main_module = modules[-1]
    tests: list[GoogleTest] = []
    for ordinal, export in enumerate(main_module.exports.values()):
        if export.name.startswith("__") or "$" in export.name:
            continue
        if export.calling_convention not in ("0v_v", ""):
            raise InvalidArgumentError(
                f"expected function with no inputs or outputs, but export '{export.name}' has signature "
                f"'{export.calling_convention}'"
            )
        run = _make_test(arguments, modules, f"{main_module.name}.{export.name}")
        tests.append(GoogleTest(main_module.name, export.name, str(ordinal), run))
    return tests


def _make_test(
    arguments: Arguments, modules: list[Module], function: str
) -> Callable[[Callable[[str, str], None]], None]:
    def run(fail: Callable[[str, str], None]) -> None:
        from gossamer.modules.check import check_module
        from gossamer.runtime.loading import with_system_modules
        from gossamer.runtime.text_io.tensors import format_tensor
        from gossamer.vm.link.context import Context

        check = check_module(
            lambda text: fail(function, text), lambda view: format_tensor(view, _MAX_ELEMENT_COUNT)
        )
        devices = _DEVICES.open(arguments)
        try:
            with exceptions_explained():
                parameters = _PARAMETERS.modules(arguments, modules)
                context = Context(
                    with_system_modules(
                        [check, *parameters, *modules], devices, lead=_DEVICES.lead(arguments, devices)
                    )
                )
                try:
                    context.lookup(function)()
                finally:
                    context.close()
        finally:
            for device in devices:
                device.close()

    return run


if __name__ == "__main__":
    sys.exit(main())
