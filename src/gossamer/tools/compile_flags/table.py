"""The compiler's flags, spelled as IREE's `iree-compile` spells them.

Four tables: flags that are honoured (`honoured.py`), flags of LLVM's own (`llvm.py`), flags that ask for
something this compiler does not have (`refused.py`), and flags that decide nothing here
(`without_effect.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from gossamer.compiler.options import CompileOptions, TypeConversion
from gossamer.tools.compile_flags.flag_rows import HAL_GROUP, INPUT_GROUP, LLVMCPU_GROUP, MAIN_GROUP
from gossamer.tools.compile_flags.honoured import HONOURED, NamedDevice
from gossamer.tools.compile_flags.llvm import PASSED_ON, hidden_flags
from gossamer.tools.compile_flags.parser import Flag, FlagError, ParsedFlags, UnknownFlagError, parse_flags
from gossamer.tools.compile_flags.refused import refused_flags
from gossamer.tools.compile_flags.without_effect import WITHOUT_EFFECT

_LLVM_GROUP = "Flags of LLVM, which compiles native kernels"
_FOREIGN_GROUP = "Known from IREE, without effect or refused"
_HIDDEN_GROUPS = (_LLVM_GROUP, _FOREIGN_GROUP)
_NO_NATIVE_KERNELS = "no native kernels are compiled"
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
        Flag("iree-llvmcpu-list-targets", "Lists the architectures of native kernels.", LLVMCPU_GROUP),
    ]
    return {flag.name: flag for flag in flags} | {flag.name: flag for flag in _foreign_flags()}


def parse_command_line(arguments: Sequence[str]) -> ParsedFlags:
    """Read a command line, in which flags may stand that only LLVM knows.

    Raises: FlagError for flags that nobody knows, missing and bad values.
    """
    flags = command_line_flags()
    while True:
        try:
            return parse_flags(arguments, flags)
        except UnknownFlagError as error:
            hidden = hidden_flags()
            if error.flag not in hidden:
                raise
            text = f"{error.flag}=" if hidden[error.flag] else error.flag
            flags[error.flag] = _named(text, "Passed on to LLVM.", _LLVM_GROUP)


def _foreign_flags() -> Iterator[Flag]:
    yield from (_named(text, "Passed on to LLVM.", _LLVM_GROUP) for text in PASSED_ON.split())
    for refused in refused_flags():
        help = f"Refused: {refused.reason}."
        yield Flag(refused.name, help, _FOREIGN_GROUP, metavar="" if refused.is_switch else "value")
    for reason, names in WITHOUT_EFFECT.items():
        for text in names.split():
            yield _named(text, f"No effect: {reason}.", _FOREIGN_GROUP)


def _named(text: str, help: str, group: str) -> Flag:
    return Flag(text.removesuffix("="), help, group, "value" if text.endswith("=") else "")


def listed_flags(*, hidden: bool = False) -> list[Flag]:
    """The flags that `--help` shows, or `--help-hidden`."""
    return [flag for flag in command_line_flags().values() if hidden or flag.group not in _HIDDEN_GROUPS]


def warning_of(values: Mapping[str, object]) -> str:
    """What to say about the flags of a command line that decide nothing; "" where there are none."""
    without_effect = WITHOUT_EFFECT
    if not _compiles_native_kernels(values):
        without_effect = {**WITHOUT_EFFECT, _NO_NATIVE_KERNELS: " ".join(_llvm_names(values))}
    given = (
        (
            reason,
            [f"--{text.removesuffix('=')}" for text in names.split() if text.removesuffix("=") in values],
        )
        for reason, names in without_effect.items()
    )
    parts = [f"{', '.join(flags)} ({reason})" for reason, flags in given if flags]
    return f"warning: without effect here: {'; '.join(parts)}" if parts else ""


def _llvm_names(values: Mapping[str, object]) -> list[str]:
    """Of the flags given, those of LLVM: those that it lists for everybody, and those that only it knows."""
    flags = command_line_flags()
    return [name for name in values if name not in flags or flags[name].group == _LLVM_GROUP]


def _device_fields(devices: tuple[NamedDevice, ...], default: str) -> dict[str, object]:
    """Fields of options for what `--iree-hal-target-device=` names, and which of it does the work."""
    names = tuple(device.name or f"device_{number}" for number, device in enumerate(devices))
    chosen = CompileOptions(default_device=default).choose_device(names)
    if chosen is None:
        flag = "iree-hal-default-device"
        raise FlagError(f"--{flag}={default} is none of the devices {', '.join(names)}", flag)
    device = devices[chosen]
    return {"target_device": device.kind, "device_ordinal": device.ordinal, "device_names": names}


def _compiles_native_kernels(values: Mapping[str, object]) -> bool:
    given = (values.get(flag.name) for option, flag in HONOURED if option == "target_backends")
    return any(isinstance(names, tuple) and "llvm-cpu" in names for names in given)


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
    if "target_device" in fields:
        devices = cast("tuple[NamedDevice, ...]", fields["target_device"])
        fields |= _device_fields(devices, str(fields.get("default_device", "")))
    if "target_backends" in fields and "iree-hal-target-backends" in values:
        # The older spelling says which device, too.
        fields.setdefault("target_device", "local")
    fields["llvm_options"] = tuple(
        f"--{name}={str(values[name]).lower() if isinstance(values[name], bool) else values[name]}"
        for name in _llvm_names(values)
    )
    return CompileOptions(**fields, type_conversions=frozenset(conversions))  # pyright: ignore[reportArgumentType]  # converters give each field its type
