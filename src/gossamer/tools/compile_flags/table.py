"""The compiler's flags, spelled as IREE's `iree-compile` spells them.

Three tables: flags that are honoured (`honoured.py`), flags that ask for something this compiler does
not have (`refused.py`), and flags that decide nothing here (`without_effect.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gossamer.compiler.options import CompileOptions, TypeConversion
from gossamer.tools.compile_flags.honoured import HAL_GROUP, HONOURED, INPUT_GROUP, MAIN_GROUP
from gossamer.tools.compile_flags.parser import Flag, FlagError
from gossamer.tools.compile_flags.refused import refused_flags
from gossamer.tools.compile_flags.without_effect import WITHOUT_EFFECT

_FOREIGN_GROUP = "Known from IREE, without effect or refused"

_TYPE_CONVERSIONS = {f"iree-input-{conversion.value}": conversion for conversion in TypeConversion}


def command_line_flags() -> dict[str, Flag]:
    """Every flag of the compiler, those known only to be refused or without effect included."""
    flags = [flag for _, flag in HONOURED]
    flags += [
        Flag(name, "Changes an element type throughout the program.", INPUT_GROUP)
        for name in _TYPE_CONVERSIONS
    ]
    flags += [
        Flag("o", "File to write; '-' is stdout, a folder gets a file a module.", MAIN_GROUP, "filename"),
        Flag("split-input-file", "Compiles what lines '// -----' part by itself.", MAIN_GROUP),
        Flag("help", "Lists the flags.", "Generic Options"),
        Flag("help-hidden", "Lists those without effect and those refused, too.", "Generic Options"),
        Flag("help-list", "Same as --help.", "Generic Options"),
        Flag("h", "Same as --help.", "Generic Options"),
        Flag("version", "Prints the version.", "Generic Options"),
        Flag("iree-hal-list-target-backends", "Lists the backends.", HAL_GROUP),
    ]
    return {flag.name: flag for flag in flags} | {flag.name: flag for flag in _foreign_flags()}


def _foreign_flags() -> Iterator[Flag]:
    for refused in refused_flags():
        help = f"Refused: {refused.reason}."
        yield Flag(refused.name, help, _FOREIGN_GROUP, metavar="" if refused.is_switch else "value")
    for reason, names in WITHOUT_EFFECT.items():
        for text in names.split():
            metavar = "value" if text.endswith("=") else ""
            yield Flag(text.removesuffix("="), f"No effect: {reason}.", _FOREIGN_GROUP, metavar)


def listed_flags(*, hidden: bool = False) -> list[Flag]:
    """The flags that `--help` shows, or `--help-hidden`."""
    return [flag for flag in command_line_flags().values() if hidden or flag.group != _FOREIGN_GROUP]


def warning_of(values: Mapping[str, object]) -> str:
    """What to say about the flags of a command line that decide nothing; "" where there are none."""
    given = (
        (
            reason,
            [f"--{text.removesuffix('=')}" for text in names.split() if text.removesuffix("=") in values],
        )
        for reason, names in WITHOUT_EFFECT.items()
    )
    parts = [f"{', '.join(flags)} ({reason})" for reason, flags in given if flags]
    return f"warning: without effect here: {'; '.join(parts)}" if parts else ""


def options_of(values: Mapping[str, object]) -> CompileOptions:
    """Make options of parsed flags.

    Raises: FlagError when a flag asks for what this compiler does not have.
    """
    for refused in refused_flags():
        if values.get(refused.name, refused.default) != refused.default:
            raise FlagError(f"--{refused.name} is not supported: {refused.reason}", refused.name)
    fields = {option: values[flag.name] for option, flag in HONOURED if flag.name in values}
    conversions = set(CompileOptions().type_conversions)
    for name, conversion in _TYPE_CONVERSIONS.items():
        if name in values:
            (conversions.add if values[name] else conversions.discard)(conversion)
    if "target_backends" in fields and "iree-hal-target-backends" in values:
        # The older spelling says which device, too.
        fields.setdefault("target_device", "local")
    return CompileOptions(**fields, type_conversions=frozenset(conversions))  # pyright: ignore[reportArgumentType]  # converters give each field its type
