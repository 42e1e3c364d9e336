"""Reads command lines the way LLVM's command line library does, from a table of flags.

`--name=value`, `--name value`, `-name=value`, `--switch`, `--switch=false`, `@response-file`. The last
occurrence of a flag wins. Errors bear the texts that scripts written for IREE's tools know.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gossamer.errors import GossamerError

Converter = Callable[[str], object]


class FlagError(GossamerError):
    """A command line that cannot be understood or honoured.

    Attributes:
        flag: name without dashes, or "".
    """

    def __init__(self, message: str, flag: str = "") -> None:
        self.flag = flag
        super().__init__(message)


class UnknownFlagError(FlagError):
    """A flag that there is not."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag.

    Attributes:
        name: without dashes.
        help: what it does, for `--help`.
        group: heading it is listed under.
        metavar: kind of value, for `--help`; "" makes it a switch.
        choices: values it takes, each with its help; empty where any text will do.
        convert: makes its value of the text; raises ValueError with what is wrong.
        is_list: values of several occurrences, and comma separated ones, add up.
    """

    name: str
    help: str
    group: str = "General options"
    metavar: str = ""
    choices: Mapping[str, str] = field(default_factory=dict[str, str])
    convert: Converter = str
    is_list: bool = False

    @property
    def is_switch(self) -> bool:
        """True where the flag takes no value, or true or false after a `=`."""
        return not self.metavar


@dataclass(slots=True)
class ParsedFlags:
    """What a command line says: values by flag name in the order given, and the other arguments."""

    values: dict[str, object] = field(default_factory=dict[str, object])
    positionals: list[str] = field(default_factory=list[str])


_TRUE = ("", "true", "TRUE", "True", "1")
_FALSE = ("false", "FALSE", "False", "0")


def parse_flags(arguments: Sequence[str], flags: Mapping[str, Flag]) -> ParsedFlags:
    """Read a command line.

    Args:
        arguments: without the program's name.
        flags: by name.
    Raises: UnknownFlagError; FlagError for missing and bad values.
    """
    parsed = ParsedFlags()
    pending = iter(_expand_response_files(arguments))
    for argument in pending:
        if argument == "--":
            parsed.positionals.extend(pending)
        elif argument == "-" or not argument.startswith("-"):
            parsed.positionals.append(argument)
        else:
            _parse_flag(argument, pending, flags, parsed)
    return parsed


def _parse_flag(
    argument: str, pending: Iterator[str], flags: Mapping[str, Flag], parsed: ParsedFlags
) -> None:
    name, has_value, text = argument.lstrip("-").partition("=")
    flag = flags.get(name)
    if flag is None:
        raise UnknownFlagError(_unknown_flag(argument, name, text, flags), name)
    if flag.is_switch:
        parsed.values[name] = _switch_value(flag, text)
        return
    if not has_value:
        following = next(pending, None)
        if following is None:
            raise FlagError(f"for the {_dashed(name)} option: requires a value!", name)
        text = following
    if flag.is_list:
        given = tuple(_value(flag, item) for item in text.split(",") if item)
        before = parsed.values.get(name, ())
        parsed.values[name] = (*before, *given) if isinstance(before, tuple) else given
    else:
        parsed.values[name] = _value(flag, text)


def _switch_value(flag: Flag, text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise FlagError(
        f"for the {_dashed(flag.name)} option: '{text}' is invalid value for boolean argument! Try 0 or 1",
        flag.name,
    )


def _value(flag: Flag, text: str) -> object:
    if flag.choices and text not in flag.choices:
        raise FlagError(
            f"for the {_dashed(flag.name)} option: Cannot find option named '{text}'!\n"
            f"  values: {', '.join(flag.choices)}",
            flag.name,
        )
    try:
        return flag.convert(text)
    except ValueError as error:
        raise FlagError(f"for the {_dashed(flag.name)} option: {error}", flag.name) from None


def _dashed(name: str) -> str:
    return f"-{name}" if len(name) == 1 else f"--{name}"


def _unknown_flag(argument: str, name: str, text: str, flags: Mapping[str, Flag]) -> str:
    # Why: imported here because only a mistake needs it, and every start of the tool would pay for it.
    from difflib import get_close_matches

    message = f"Unknown command line argument '{argument}'.  Try: '--help'"
    nearest = get_close_matches(name, flags, n=1, cutoff=0.75)
    if nearest:
        suffix = f"={text}" if text and not flags[nearest[0]].is_switch else ""
        message += f"\nDid you mean '{_dashed(nearest[0])}{suffix}'?"
    return message


def _expand_response_files(arguments: Sequence[str]) -> Iterator[str]:
    for argument in arguments:
        path = Path(argument[1:])
        if argument.startswith("@") and path.is_file():
            yield from _expand_response_files(shlex.split(path.read_text(), comments=True))
        else:
            yield argument


def format_help(overview: str, usage: str, flags: Sequence[Flag]) -> str:
    """Text of `--help`: flags by group, groups and flags in alphabetical order."""
    lines = [f"OVERVIEW: {overview}", "", f"USAGE: {usage}", "", "OPTIONS:"]
    for group in sorted({flag.group for flag in flags}):
        lines += ["", f"{group}:", ""]
        for flag in sorted((f for f in flags if f.group == group), key=lambda f: f.name):
            separator = " " if len(flag.name) == 1 else "="
            spelled = _dashed(flag.name) + (f"{separator}<{flag.metavar}>" if flag.metavar else "")
            lines.append(f"  {spelled:<48} - {flag.help}")
            lines += [f"    {'=' + value:<46} -   {text}" for value, text in flag.choices.items()]
    return "\n".join(lines) + "\n"
