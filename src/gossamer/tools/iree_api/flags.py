"""Flags of `iree-compile` as calls take them: compiles under some, and lists of those that count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TextIO, cast

from gossamer.compiler.kept_modules import compile_kept
from gossamer.compiler.options import CompileOptions
from gossamer.compiler.source import Source
from gossamer.tools.command import printing_warnings
from gossamer.tools.compile_flags.honoured import HONOURED
from gossamer.tools.compile_flags.refused import refused_flags
from gossamer.tools.compile_flags.table import command_line_flags, options_of, parse_command_line, warning_of

_LEVELS = ("opt_level", "global_opt_level")


def options_of_flags(flags: Sequence[str], messages: TextIO | None = None) -> CompileOptions:
    """Options for flags.

    Args:
        flags: "--name=value".
        messages: gets the warning about flags that decide nothing.
    Raises: FlagError for flags that there are not, or that ask for what is not here.
    """
    values = parse_command_line(flags).values
    options = options_of(values)
    if messages is not None and (warning := warning_of(values)):
        print(warning, file=messages)
    return options


def compile_with_flags(source: Source, flags: Sequence[str], messages: TextIO) -> bytes:
    """Compile a source.

    Args:
        source: what is compiled.
        flags: "--name=value".
        messages: gets warnings.
    Raises: CompileError; FlagError.
    """
    options = options_of_flags(flags, messages)
    with printing_warnings(messages):
        return compile_kept(source, options)


def listed_flags(given: Sequence[str], *, non_default_only: bool) -> list[str]:
    """All flags with the values that count, "--name=value".

    Args:
        given: flags that were set, the last of a name counts.
        non_default_only: those alone.
    """
    values = {name: value for name, _, value in (flag.lstrip("-").partition("=") for flag in given)}
    found = values if non_default_only else {**dict(_defaults()), **values}
    return [
        f"--{name}={value or 'true'}" if name in values else f"--{name}={value}"
        for name, value in found.items()
    ]


def _defaults() -> Iterator[tuple[str, str]]:
    options = CompileOptions()
    honoured = {flag.name: option for option, flag in HONOURED}
    refused = {flag.name: flag.default for flag in refused_flags()}
    for name, flag in command_line_flags().items():
        option = honoured.get(name)
        default = getattr(options, option) if option else refused.get(name)
        yield name, _text(default, option in _LEVELS, is_switch=flag.is_switch)


def _text(value: object, is_level: bool, *, is_switch: bool) -> str:
    if is_level:
        return f"O{value or 0}"
    if is_switch:
        return str(bool(value)).lower()
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ",".join(map(str, cast("tuple[object, ...]", value)))
    return "" if value is None else str(value)
