"""`gossamer cache`: shows, fills and trims what is kept on disk: compiled modules, code of programs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from gossamer.errors import InvalidArgumentError
from gossamer.tools.command import EXIT_SUCCESS
from gossamer.tools.flags.device import DeviceFlags
from gossamer.tools.flags.module import ModuleFlags, annotated
from gossamer.tools.flags.parameter import ParameterFlags
from gossamer.tools.flags.parser import Arguments, FlagSet

_MEBIBYTE = 1 << 20

_FLAGS = FlagSet(
    "gossamer cache",
    """Shows, fills and trims what is kept on disk.
$ gossamer cache show
$ gossamer cache fill --module=a.vmfb [--module=b.vmfb ...]
$ gossamer cache trim [MiB]

`fill` loads the modules as one program, which compiles their kernels for this machine, and calls nothing; an
image of a container that it ran in starts them without compiling. iree-compile keeps modules by itself.
`trim` removes what was used longest ago until MiB are left, by default as many as $GOSSAMER_CACHE_MIB allows;
0 removes everything.
""",
)
_MODULES = ModuleFlags(_FLAGS)
_DEVICES = DeviceFlags(_FLAGS)
_PARAMETERS = ParameterFlags(_FLAGS)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _run)


def _run(arguments: Arguments) -> int:
    action, *others = arguments.positional or ["show"]
    if action == "trim" and len(others) <= 1:
        _trim(others)
    elif action == "fill" and not others:
        _fill(arguments)
    elif action != "show" or others:
        raise InvalidArgumentError(
            f"expected `show`, `fill --module=...` or `trim [MiB]`, found `{' '.join(arguments.positional)}`"
        )
    print(_text())
    return EXIT_SUCCESS


def _trim(sizes: Sequence[str]) -> None:
    from gossamer.kept_files.store import cache_folder
    from gossamer.kept_files.trimming import allowed_bytes, trim

    for size in sizes:
        if not size.isdecimal():
            raise InvalidArgumentError(f"expected a number of MiB to leave, found `{size}`")
    trim(cache_folder(), int(sizes[0]) * _MEBIBYTE if sizes else allowed_bytes())


def _fill(arguments: Arguments) -> None:
    from gossamer.runtime.loading import with_system_modules
    from gossamer.vm.link.context import Context

    modules = _MODULES.load(arguments, arguments[_DEVICES.allow_native])
    devices = _DEVICES.open(arguments)
    try:
        with annotated("creating VM context"):
            parameters = _PARAMETERS.modules(arguments, modules)
            lead = _DEVICES.lead(arguments, devices)
            Context(with_system_modules([*parameters, *modules], devices, lead=lead)).close()
    finally:
        for device in devices:
            device.close()


def _text() -> str:
    from gossamer.kept_files.store import COMPILED_PREFIX, cache_folder
    from gossamer.kept_files.trimming import allowed_bytes, kept_sizes

    sizes = kept_sizes(cache_folder())
    compiled = [size for name, size in sizes.items() if name.startswith(COMPILED_PREFIX)]
    others = [size for name, size in sizes.items() if not name.startswith(COMPILED_PREFIX)]
    return "\n".join(
        [
            f"folder:              {cache_folder()}",
            f"compiled modules:    {_amount(compiled)}",
            f"code of programs:    {_amount(others)}",
            f"together:            {_amount(list(sizes.values()))}, of {allowed_bytes() // _MEBIBYTE} MiB",
        ]
    )


def _amount(sizes: Sequence[int]) -> str:
    return f"{len(sizes)} file{'' if len(sizes) == 1 else 's'}, {sum(sizes) / _MEBIBYTE:.1f} MiB"


if __name__ == "__main__":
    sys.exit(main())
