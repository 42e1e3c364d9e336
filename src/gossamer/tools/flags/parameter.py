"""Flags that name parameter files, shared by the commands that run programs or work on such files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gossamer.errors import InvalidArgumentError
from gossamer.tools.flags.parser import Arguments, FlagSet

if TYPE_CHECKING:
    from gossamer.format.parameters.index import ParameterIndex
    from gossamer.vm.link.module import Module


class ParameterFlags:
    """`--parameters=` and `--parameter_mode=`."""

    def __init__(self, flags: FlagSet) -> None:
        flags.section("parameters")
        self._mode = flags.string(
            "parameter_mode",
            "file",
            "How parameter files are read: `file` maps them, so that pages come in as they are used;\n"
            "`preload` reads them into memory at the start.",
        )
        self._files = flags.strings(
            "parameters",
            "A parameter file, for the scope without a name (`file.irpa`) or for one (`scope=file.irpa`).\n"
            "Several files may serve one scope. Formats: .irpa, .gguf, .safetensors, .npy, .npz.",
        )

    def indices(self, arguments: Arguments) -> dict[str, ParameterIndex]:
        """Read the files asked for; an index for each scope, in the order they are named first.

        Raises: InvalidArgumentError for an unknown mode; what reading raises.
        """
        from gossamer.format.parameters.index import ParameterIndex

        mode = arguments[self._mode]
        indices: dict[str, ParameterIndex] = {}
        for text in arguments[self._files]:
            left, equals, right = text.partition("=")
            scope, path = (left, right) if equals else ("", left)
            if mode not in ("file", "preload"):
                raise InvalidArgumentError(
                    f"unrecognized --parameter_mode= value '{mode}'; expected file or preload"
                )
            indices.setdefault(scope, ParameterIndex()).load(path, preload=mode == "preload")
        return indices

    def modules(self, arguments: Arguments, modules: Sequence[Module]) -> list[Module]:
        """The module that serves the parameters, where one of `modules` loads any.

        Files are not opened where none does, as in IREE.
        """
        from gossamer.abi.parameter_functions import IO_PARAMETERS

        needed = any(
            dependency.name == IO_PARAMETERS.name for module in modules for dependency in module.dependencies
        )
        if not needed:
            return []
        from gossamer.runtime.parameters import parameters_module

        return [parameters_module(self.indices(arguments))]


def output_path(path: str) -> str:
    """The path of `--output=`. Raises: InvalidArgumentError where it is empty."""
    if not path:
        raise InvalidArgumentError("no file to write to: use --output=file.irpa")
    return path
