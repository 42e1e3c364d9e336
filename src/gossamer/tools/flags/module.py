"""Flags that name modules, shared by the commands that run programs."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError, StatusError
from gossamer.tools.flags.parser import Arguments, FlagSet

if TYPE_CHECKING:
    from gossamer.hal.native_policy import NativeCodePolicy
    from gossamer.vm.link.module import Module


class ModuleFlags:
    """`--module=` and `--module_mode=`."""

    def __init__(self, flags: FlagSet) -> None:
        self._modules = flags.strings(
            "module",
            "A module to load: a .vmfb file, `-` for standard input, or a shared object with parameters:\n"
            "libfoo.so?key=value&other=value; libfoo.so@gossamer_symbol for one of several.",
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
        from gossamer.runtime.loading import load_module

        if arguments[self._mode] not in ("preload", "mmap"):
            raise InvalidArgumentError(
                f"unrecognized --module_mode= value '{arguments[self._mode]}'; expected preload or mmap"
            )
        with annotated("loading modules and dependencies"):
            modules = [
                load_module(sys.stdin.buffer.read() if path == "-" else path, allow_native=allow_native)
                for path in arguments[self._modules]
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


@contextmanager
def annotated(annotation: str) -> Generator[None]:
    """Add a line of context to a failed status."""
    try:
        yield
    except StatusError as error:
        raise error.annotate(annotation) from None
