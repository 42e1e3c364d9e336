"""`iree.compiler.tools`: compiles of text and files, with keyword arguments for the usual flags."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from gossamer.compiler.source import STDIN_NAME, Source
from gossamer.compiler.target.registry import target_names
from gossamer.errors import CompileError
from gossamer.tools.compile_flags.parser import FlagError
from gossamer.tools.iree_api.compile_options import CompilerOptions, InputType, OutputFormat
from gossamer.tools.iree_api.flags import compile_with_flags
from gossamer.tools.iree_api.saved_files import TempFileSaver

__all__ = [
    "DEFAULT_TESTING_BACKENDS",
    "DEFAULT_TESTING_DRIVER",
    "CompilerOptions",
    "CompilerToolError",
    "InputType",
    "OutputFormat",
    "TempFileSaver",
    "compile_file",
    "compile_str",
    "query_available_targets",
]

DEFAULT_TESTING_BACKENDS = ["llvm-cpu"]
DEFAULT_TESTING_DRIVER = "local-task"

_TOOL = "iree-compile"


class CompilerToolError(Exception):
    """A compile that failed, with what was said about it and what it was asked for."""

    def __init__(self, diagnostics: str, command: list[str]) -> None:
        self.diagnostics = diagnostics
        self.command = command
        super().__init__(
            f"Error invoking IREE compiler tool {_TOOL}\nDiagnostics:\n{diagnostics}\n\n"
            f"Invoked with:\n {shlex.join(command)}\n"
        )


def compile_file(input_file: str, **kwargs: Any) -> bytes | None:
    """Compile a file.

    Args:
        input_file: MLIR text or bytecode, or what another frontend takes.
        **kwargs: fields of `CompilerOptions`.
    Returns: the module; None where `output_file` names a file for it.
    Raises: CompilerToolError; ValueError for options that there are not.
    """
    with TempFileSaver.implicit() as saver:
        return _compile(lambda: Source.from_path(input_file), input_file, CompilerOptions(**kwargs), saver)


def compile_str(input_str: str | bytes, **kwargs: Any) -> bytes | None:
    """Compile MLIR text or bytecode in memory; the rest as `compile_file`."""
    with TempFileSaver.implicit() as saver:
        data = input_str.encode() if isinstance(input_str, str) else input_str
        kept_input = saver.alloc_optional("core-input.mlir")
        if kept_input:
            Path(kept_input).write_bytes(data)
        return _compile(lambda: Source(STDIN_NAME, data), "-", CompilerOptions(**kwargs), saver)


def query_available_targets() -> list[str]:
    """Names of the backends."""
    return list(target_names())


def _compile(read: Any, name: str, options: CompilerOptions, saver: TempFileSaver) -> bytes | None:
    kept_output = saver.alloc_optional("core-output.bin", export_as=options.output_file)
    command = [_TOOL, name, *options.flags()]
    kept_command = saver.alloc_optional("core-command-line.txt")
    if kept_command:
        Path(kept_command).write_text(shlex.join(command))
    try:
        output = compile_with_flags(read(), options.flags(), sys.stderr)
    except (CompileError, FlagError, OSError) as error:
        raise CompilerToolError(str(error), command) from None
    if kept_output:
        Path(kept_output).write_bytes(output)
    return None if options.output_file else output
