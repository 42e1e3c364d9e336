"""Flags that name modules, shared by the commands that run programs."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError, StatusError
from gossamer.tools.flags.parser import Arguments, FlagSet
from gossamer.tools.flags.python_module import load_python_module, parse_python_location

if TYPE_CHECKING:
    from gossamer.hal.native_policy import NativeCodePolicy
    from gossamer.vm.link.module import Module


class ModuleFlags:
    """`--module=`, `--allow-python=` and `--module_mode=`."""

    def __init__(self, flags: FlagSet) -> None:
        self._modules = flags.strings(
            "module",
            "A module to load: a .vmfb file, `-` for standard input, or a shared object with parameters:\n"
            "libfoo.so?key=value&other=value; libfoo.so@gossamer_symbol for one of several; or a class with\n"
            "@gossamer.module: glue.py, glue.py:Glue for one of several, package.module:Glue.",
        )
        self._allow_python = flags.boolean(
            "allow-python",
            True,
            "Whether modules may be in Python; they can do whatever this process can. False refuses them\n"
            "before any of their code runs.",
        )
        self._trace = flags.boolean(
            "trace_execution", False, "Shows each VM instruction on stderr before it runs; slow."
        )
        self._mode = flags.string(
            "module_mode", "preload", "`preload` and `mmap` both map the file; kept for compatibility."
        )

    def load(self, arguments: Arguments, allow_native: NativeCodePolicy) -> list[Module]:
        """Load the modules asked for, in order.

        Args:
            allow_native: whether shared objects may be among them.
        Raises: InvalidArgumentError where there is none or the mode is unknown; what loading raises.
        """
        if arguments[self._mode] not in ("preload", "mmap"):
            raise InvalidArgumentError(
                f"unrecognized --module_mode= value '{arguments[self._mode]}'; expected preload or mmap"
            )
        with annotated("loading modules and dependencies"):
            modules = [
                _load(text, allow_native, allows_python=arguments[self._allow_python])
                for text in arguments[self._modules]
            ]
        if arguments[self._trace]:
            from gossamer.tools.trace_execution import trace_modules

            trace_modules(modules)
        if not modules:
            raise InvalidArgumentError(
                "no user module specified; use --module=file.vmfb to load from a file or --module=- to load "
                "from stdin"
            )
        return modules


def _load(text: str, allow_native: NativeCodePolicy, *, allows_python: bool) -> Module:
    from gossamer.runtime.loading import load_module

    location = parse_python_location(text)
    if location is not None:
        return load_python_module(location, is_allowed=allows_python)
    return load_module(sys.stdin.buffer.read() if text == "-" else text, allow_native=allow_native)


@contextmanager
def annotated(annotation: str) -> Generator[None]:
    """Add a line of context to a failed status."""
    try:
        yield
    except StatusError as error:
        raise error.annotate(annotation) from None
