"""`gossamer`: one command for all the others: `gossamer compile|run|dump ...`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from gossamer.tools.command import EXIT_FAILURE, EXIT_SUCCESS, run_command

_COMMANDS = {
    "compile": ("iree_compile", "compiles MLIR to a module (iree-compile)"),
    "run": ("iree_run_module", "calls a function of modules (iree-run-module)"),
    "dump": ("iree_dump_module", "shows what is in a module (iree-dump-module)"),
    "check": ("iree_check_module", "runs the functions of a module as tests (iree-check-module)"),
    "benchmark": ("iree_benchmark_module", "measures functions of modules (iree-benchmark-module)"),
    "benchmark-executable": (
        "iree_benchmark_executable",
        "measures a kernel of an executable (iree-benchmark-executable)",
    ),
    "assemble": ("iree_as_module", "makes a module from text (iree-as-module)"),
    "convert-parameters": ("iree_convert_parameters", "rewrites parameter files (iree-convert-parameters)"),
    "create-parameters": ("iree_create_parameters", "makes a parameter file (iree-create-parameters)"),
    "cache": ("gossamer_cache", "shows, fills and trims what is kept on disk"),
    "dump-parameters": ("iree_dump_parameters", "lists parameters of files (iree-dump-parameters)"),
}
"""File of each command, and what it does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names. Returns: its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in _COMMANDS:
        # Why: loaded on use, so that running a module does not load the compiler.
        command = import_module(f"gossamer.tools.{_COMMANDS[given[0]][0]}")
        return command.main(given[1:])
    return run_command("gossamer", lambda: _without_command(given))


def _without_command(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        print(_help_text())
        return EXIT_SUCCESS
    if arguments[0] == "--version":
        from gossamer.tools.version import version_text

        print(version_text("gossamer"))
        return EXIT_SUCCESS
    print(f"gossamer: no command '{arguments[0]}'\n{_help_text()}", file=sys.stderr)
    return EXIT_FAILURE


def _help_text() -> str:
    lines = ["usage: gossamer <command> [flags]; gossamer <command> --help lists its flags", ""]
    width = max(map(len, _COMMANDS))
    lines += [f"  {name:<{width}} {text}" for name, (_, text) in _COMMANDS.items()]
    return "\n".join(lines)
