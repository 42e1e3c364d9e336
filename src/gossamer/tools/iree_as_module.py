"""`iree-as-module`: assembles a module from the text of its functions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from gossamer.errors import InvalidArgumentError
from gossamer.format.whole_file import write_whole
from gossamer.tools.command import EXIT_SUCCESS
from gossamer.tools.flags.parser import Arguments, FlagSet

_PROGRAM = "iree-as-module"

_FLAGS = FlagSet(
    _PROGRAM,
    """Assembles VM assembly, as iree-dump-module --output=disassembly prints it, into a module.
$ iree-as-module --output=module.vmfb module.vmasm
$ iree-as-module --output=module.vmfb -
""",
)
_OUTPUT = _FLAGS.string("output", "", "Where to write the module.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    return _FLAGS.run(argv, _run)


def _run(arguments: Arguments) -> int:
    from gossamer.format.archive import write_module
    from gossamer.tools.assemble.module import assemble_module

    if len(arguments.positional) != 1 or not arguments[_OUTPUT]:
        raise InvalidArgumentError(
            "expected one input file and --output: iree-as-module --output=module.vmfb module.vmasm"
        )
    path = arguments.positional[0]
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    # Why: strings of a program may hold any bytes.
    module = assemble_module(data.decode("utf-8", "surrogateescape"), path)
    write_whole(arguments[_OUTPUT], write_module(module, flat=True))
    return EXIT_SUCCESS


if __name__ == "__main__":
    sys.exit(main())
