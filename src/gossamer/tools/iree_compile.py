"""`iree-compile`: MLIR in, a `.vmfb` module out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gossamer.errors import CompileError
from gossamer.tools.command import EXIT_FAILURE, EXIT_SUCCESS, printing_warnings, run_command
from gossamer.tools.compile_flags import table as flag_table
from gossamer.tools.compile_flags.parser import FlagError, format_help

if TYPE_CHECKING:
    from gossamer.compiler.options import CompileOptions
    from gossamer.compiler.source import Source

_PROGRAM = "iree-compile"
_OVERVIEW = "Gossamer compilation driver"
_USAGE = "iree-compile [options] <input file or '-' for stdin>"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns: the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run_command(_PROGRAM, lambda: _main(given))


def _main(arguments: list[str]) -> int:
    try:
        parsed = flag_table.parse_command_line(arguments)
        if len(parsed.positionals) > 1:
            raise FlagError("Too many positional arguments specified!\nCan specify at most 1: the input file")
        options = flag_table.options_of(parsed.values)
    except FlagError as error:
        for line in str(error).split("\n"):
            print(f"{_PROGRAM}: {line}", file=sys.stderr)
        return EXIT_FAILURE
    values = parsed.values
    if values.get("help") or values.get("help-list") or values.get("h"):
        sys.stdout.write(format_help(_OVERVIEW, _USAGE, flag_table.listed_flags()))
    elif values.get("help-hidden"):
        sys.stdout.write(format_help(_OVERVIEW, _USAGE, flag_table.listed_flags(hidden=True)))
    elif values.get("version"):
        sys.stdout.write(_version_text())
    elif values.get("iree-hal-list-target-backends"):
        sys.stdout.write(_target_backends_text())
    elif values.get("iree-llvmcpu-list-targets"):
        sys.stdout.write(_architectures_text())
    else:
        input_path = parsed.positionals[0] if parsed.positionals else "-"
        if warning := flag_table.warning_of(values):
            print(warning, file=sys.stderr)
        output_path = str(values.get("o", "-"))
        return _compile(input_path, output_path, options, splits=bool(values.get("split-input-file")))
    return EXIT_SUCCESS


def _compile(input_path: str, output_path: str, options: CompileOptions, *, splits: bool) -> int:
    # Why: MLIR takes most of the start of this process; flags and their mistakes do not need it.
    from gossamer.compiler.progress import showing_progress
    from gossamer.compiler.source import STDIN_NAME, Source

    try:
        if input_path == "-":
            source = Source(STDIN_NAME, sys.stdin.buffer.read())
        else:
            source = Source.from_path(input_path)
    except OSError as error:
        print(
            f"error opening input file: cannot open input file '{input_path}': {error.strerror}",
            file=sys.stderr,
        )
        return EXIT_FAILURE
    try:
        with printing_warnings(sys.stderr), showing_progress(sys.stderr):
            outputs = _outputs(source.split() if splits else [source], options, output_path)
    except CompileError as error:
        if os.environ.get("GOSSAMER_TRACEBACK") == "1":
            raise
        print(error, file=sys.stderr)
        return EXIT_FAILURE
    for path, output in outputs.items():
        if _write(path, output) != EXIT_SUCCESS:
            return EXIT_FAILURE
    return EXIT_SUCCESS


def _outputs(sources: list[Source], options: CompileOptions, output_path: str) -> dict[str, bytes]:
    """Compile sources. Returns: what goes into each file."""
    if output_path.endswith(os.sep) or Path(output_path).is_dir():
        folder = Path(output_path)
        folder.mkdir(parents=True, exist_ok=True)
        from gossamer.compiler.pipeline import compile_modules

        suffix = "mlir" if options.writes_text else "vmfb"
        return {
            str(folder / f"{name}.{suffix}"): output
            for source in sources
            for name, output in compile_modules(source, options).items()
        }
    if len(sources) > 1 and not options.writes_text:
        raise FlagError("--split-input-file makes several modules; -o folder/ writes a file for each")
    # Why here: `--version` and `--help` need nothing of it.
    from gossamer.compiler.kept_modules import compile_kept

    return {output_path: b"// -----\n".join(compile_kept(source, options) for source in sources)}


def _write(path: str, output: bytes) -> int:
    if path == "-":
        sys.stdout.buffer.write(output)
        return EXIT_SUCCESS
    # Why here: `--version` and `--help` need no files.
    from gossamer.format.whole_file import write_whole

    try:
        write_whole(path, output)
    except OSError as error:
        print(f"cannot open output file '{path}': {error.strerror}", file=sys.stderr)
        return EXIT_FAILURE
    return EXIT_SUCCESS


def _version_text() -> str:
    from gossamer.tools.version import version_text
    from gossamer.versions import IREE_VERSION

    # The first two lines are what scripts that ask IREE's compiler for its version look for.
    return (
        "IREE (https://iree.dev):\n"
        f"  IREE compiler version {IREE_VERSION} (compatible)\n"
        f"  {version_text(_PROGRAM)}\n"
    )


def _target_backends_text() -> str:
    from gossamer.compiler.target.registry import target_names

    return "Registered target backends:\n" + "".join(f"  {name}\n" for name in sorted(target_names()))


def _architectures_text() -> str:
    from gossamer.compiler.target.llvm_cpu.machines import ARCHITECTURES

    names = sorted(name.replace("x86_64", "x86-64") for name in ARCHITECTURES)
    return "  Registered Targets:\n" + "".join(f"    {name}\n" for name in names)
