"""Command line flags as IREE's C tools have them.

`--name=value`, a bare `--name` for true, `--flagfile=path` for a file of flags, `--help`. A flag's value is
never the next argument. What does not start with `--` is positional and may be anywhere.

    FLAGS = FlagSet("iree-example", "Does something.\\n$ iree-example module.vmfb")
    COUNT = FLAGS.integer("count", 1, "How often.")

    def main(argv=None):
        return FLAGS.run(argv, lambda arguments: run(arguments[COUNT], arguments.positional))

Differences from IREE 3.13.0: a boolean other than true, 1, false, 0 and a number with anything after it are
refused, where IREE takes the one for false and drops the rest of the other; `--version` is ours.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from gossamer.errors import InvalidArgumentError, NotFoundError
from gossamer.tools.command import run_command
from gossamer.tools.version import version_text

T = TypeVar("T")

_BAR = "# ===" + "-" * 70 + "==="


@dataclass(frozen=True, slots=True, eq=False)
class Flag(Generic[T]):
    """One flag.

    Attributes:
        default: its value where the command line does not give one.
        description: lines of help.
        read: makes the new value from the text after `=` and the value so far.
        show: prints the value as a line of a flagfile.
    """

    name: str
    default: T
    description: str
    read: Callable[[str, T], T]
    show: Callable[[T], str]


@dataclass(slots=True)
class Arguments:
    """Values of flags, by flag, and positional arguments in order."""

    positional: list[str] = field(default_factory=lambda: [])
    values: dict[str, object] = field(default_factory=lambda: {})

    def __getitem__(self, flag: Flag[T]) -> T:
        return cast(T, self.values.get(flag.name, flag.default))


class FlagSet:
    """The flags of one command.

    Attributes:
        program: the command's name.
        usage: what it does and how to call it, for `--help`.
    """

    def __init__(self, program: str, usage: str) -> None:
        self.program = program
        self.usage = usage
        self._flags: dict[str, Flag[Any]] = {}
        self._sections: list[tuple[str, list[Flag[Any]]]] = []
        self.section("every command")
        self.custom("help", None, "Prints this text.", lambda _text, _value: None, lambda _: "# --help")
        self.custom(
            "version", None, "Prints the version.", lambda _text, _value: None, lambda _: "# --version"
        )
        self.custom(
            "flagfile",
            None,
            "Reads flags from a file, one a line; later flags win over earlier ones.",
            lambda _text, _value: None,
            lambda _: "# --flagfile=[path]",
        )
        self.section(program)

    def section(self, title: str) -> None:
        """Start a new group of flags in the help text."""
        self._sections.append((title, []))

    def custom(
        self,
        name: str,
        default: T,
        description: str,
        read: Callable[[str, T], T],
        show: Callable[[T], str],
    ) -> Flag[T]:
        """Add a flag with a reader and a printer of its own."""
        flag = Flag(name, default, description, read, show)
        self._flags[name] = flag
        self._sections[-1][1].append(flag)
        return flag

    def boolean(self, name: str, default: bool, description: str) -> Flag[bool]:
        """Add a flag that is true where it is given without a value."""
        return self.custom(
            name, default, description, _reader(_parse_bool), lambda value: f"--{name}={str(value).lower()}"
        )

    def integer(self, name: str, default: int, description: str) -> Flag[int]:
        """Add a flag whose value is a decimal number."""
        return self.custom(name, default, description, _reader(_parse_int), lambda value: f"--{name}={value}")

    def number(self, name: str, default: float, description: str) -> Flag[float]:
        """Add a flag whose value is a floating-point number."""
        return self.custom(
            name, default, description, _reader(_parse_float), lambda value: f"--{name}={value:g}"
        )

    def string(self, name: str, default: str, description: str) -> Flag[str]:
        """Add a flag whose value is text; double quotes around it are dropped."""
        return self.custom(name, default, description, _reader(_unquote), lambda value: f'--{name}="{value}"')

    def strings(self, name: str, description: str) -> Flag[tuple[str, ...]]:
        """Add a flag that may be given several times; its value is what was given, in order."""

        def show(values: tuple[str, ...]) -> str:
            return "\n".join(f"--{name}={value}" for value in values) or f"# --{name}=..."

        empty: tuple[str, ...] = ()
        return self.custom(name, empty, description, lambda text, values: (*values, text), show)

    def run(self, argv: Sequence[str] | None, body: Callable[[Arguments], int | None]) -> int:
        """Read a command line and run the command's body with it, as `run_command` does.

        Args:
            argv: without the program's name; None for the one of this process.
        """
        return run_command(self.program, lambda: body(self.parse(sys.argv[1:] if argv is None else argv)))

    def parse(self, argv: Sequence[str]) -> Arguments:
        """Read a command line, without the program's name.

        `--help` and `--version` print and leave through SystemExit(0).

        Raises: SystemExit(1) after a message on stderr, where a flag is unknown or its value is wrong.
        """
        try:
            return self.read(argv)
        except (InvalidArgumentError, NotFoundError) as error:
            print(f"{self.program}: FLAGS ERROR:\n{error}", file=sys.stderr)
            raise SystemExit(1) from None

    def read(self, argv: Sequence[str]) -> Arguments:
        """As `parse`, with errors left to the caller.

        Raises: InvalidArgumentError for a flag that is unknown or wrong; NotFoundError for a flagfile that is
            not there.
        """
        arguments = Arguments()
        for argument in argv:
            text = argument.strip()
            if text.startswith("--"):
                self._read_flag(arguments, text[2:])
            else:
                arguments.positional.append(argument)
        return arguments

    def _read_flag(self, arguments: Arguments, text: str, where: str = "") -> None:
        name, _, value = (part.strip() for part in text.partition("="))
        flag = self._flags.get(name)
        if flag is None:
            raise InvalidArgumentError(f"{where}flag '{name}' not recognized")
        if name in ("help", "version"):
            print(
                self.help_text(arguments) if name == "help" else version_text(self.program),
                flush=True,
            )
            raise SystemExit(0)
        if name == "flagfile":
            self._read_file(arguments, value)
            return
        try:
            arguments.values[name] = flag.read(value, arguments[flag])
        except ValueError as error:
            message = error.message if isinstance(error, InvalidArgumentError) else str(error)
            raise InvalidArgumentError(f"{where}--{name}={value}: {message}") from None

    def _read_file(self, arguments: Arguments, path: str) -> None:
        if not path:
            raise InvalidArgumentError("--flagfile= requires a file path")
        try:
            lines = Path(path).read_text().splitlines()
        except OSError as error:
            raise NotFoundError(f"failed to open file '{path}': {error.strerror}") from None
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if not text or text.startswith(("#", "//")):
                continue
            where = f"{path}:{number}: "
            if not text.startswith("--"):
                raise InvalidArgumentError(f"{where}positional arguments not allowed in flag files")
            self._read_flag(arguments, text[2:], where)

    def help_text(self, arguments: Arguments | None = None) -> str:
        """What `--help` prints: usage, then every flag with its value."""
        values = arguments or Arguments()
        bar = "# " + "=" * 76
        parts = [f"{bar}\n# Gossamer: {self.program}\n{bar}\n\n{self.usage}\n"]
        for title, flags in self._sections:
            if not flags:
                continue
            parts.append(f"\n{_BAR}\n# Flags of {title}\n{_BAR}\n")
            for flag in flags:
                comment = "".join(f"# {line}\n" for line in flag.description.splitlines())
                parts.append(f"\n{comment}{flag.show(values[flag])}\n")
        return "".join(parts)


def _reader(parse: Callable[[str], T]) -> Callable[[str, T], T]:
    return lambda text, _value: parse(text)


def _parse_bool(text: str) -> bool:
    if text in ("", "true", "1"):
        return True
    if text in ("false", "0"):
        return False
    raise ValueError("expected true or false")


def _parse_int(text: str) -> int:
    try:
        return int(text) if text else 0
    except ValueError:
        raise ValueError("expected a decimal number") from None


def _parse_float(text: str) -> float:
    try:
        return float(text) if text else 0.0
    except ValueError:
        raise ValueError("expected a number") from None


def _unquote(text: str) -> str:
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else text
